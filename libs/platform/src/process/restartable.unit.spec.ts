import { expect, it } from 'vitest';
import { Restartable } from './restartable.js';

/** A service that writes down what happens to it. */
async function restartable(failing: readonly number[] = []) {
  const told: string[] = [];
  let starts = 0;
  let restart!: () => void;
  const running = await Restartable.start({
    start: async (again) => {
      const number = ++starts;
      if (failing.includes(number)) throw new Error(`no start ${number}`);
      restart = again;
      told.push(`start ${number}`);
      return { service: 'monitor', url: '', stop: async () => void told.push(`stop ${number}`) };
    },
    restarted: () => void told.push('restarted'),
    onFailure: ({ message }) => void told.push(message),
  });
  return { running, told, restart: () => restart() };
}

it('does not start again what is to end', async () => {
  const { running, told, restart } = await restartable();
  restart();
  await running.stop();
  expect(told).toEqual(['start 1', 'stop 1']);
});

it('ends before it starts again, once for all wishes that meet, and ends what was started last', async () => {
  const { running, told, restart } = await restartable();
  restart();
  restart();
  await expect.poll(() => told.at(-1)).toBe('restarted');
  await running.stop();
  expect(told).toEqual(['start 1', 'stop 1', 'start 2', 'restarted', 'stop 2']);
});

it('says when it could not be started again', async () => {
  const { running, told, restart } = await restartable([2]);
  restart();
  await expect.poll(() => told.at(-1)).toBe('no start 2');
  await running.stop();
  expect(told).toEqual(['start 1', 'stop 1', 'no start 2']);
});
