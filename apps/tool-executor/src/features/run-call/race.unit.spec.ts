import { expect, it, vi } from 'vitest';
import { Race } from './race.js';
import type { RunningRequest } from './running-request.js';

const racer = (race: Race, attempt: number) => {
  const request = { command: { call: { attempt } }, cancel: vi.fn() };
  race.join(request as unknown as RunningRequest);
  return request as typeof request & RunningRequest;
};

it('the first good answer wins, and the others are cancelled', async () => {
  const race = new Race();
  const [first, second, third] = [racer(race, 1), racer(race, 2), racer(race, 3)];
  const failing = race.overtaken(first, false);
  expect(await race.overtaken(second, true)).toBeUndefined();
  expect(third.cancel).toHaveBeenCalledWith('attempt 2 answered first');
  expect(second.cancel).not.toHaveBeenCalled();
  expect(await failing).toBe(second);
  // one that was as good, and too late
  expect(await race.overtaken(third, true)).toBe(second);
});

it('without a good answer each ends as it did, the last attempt first, once all have ended', async () => {
  const race = new Race();
  const order: number[] = [];
  const requests = [racer(race, 1), racer(race, 2)];
  const endings = requests.map(async (request, at) => {
    const faster = await race.overtaken(request, false);
    order.push(at + 1);
    return faster;
  });
  expect(await Promise.all(endings)).toEqual([undefined, undefined]);
  expect(order).toEqual([2, 1]);
});

it('nobody waits for one that ended otherwise', async () => {
  const race = new Race();
  const [first, second] = [racer(race, 1), racer(race, 2)];
  const failing = race.overtaken(first, false);
  race.leave(second);
  race.leave(second);
  expect(await failing).toBeUndefined();
});
