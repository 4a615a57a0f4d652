import process from 'node:process';

/**
 * Vitest reporter: the very last line of a run is `N passed, N failed, N skipped`. A run without tests fails, and in CI so
 * does one that skips any: a skipped test proves nothing. Tests that needed a second try are named, so that they get mended.
 */
export default class TallyReporter {
  #counts = { passed: 0, failed: 0, skipped: 0 };
  #unsteady = [];

  onInit() {
    process.on('exit', () => {
      const { passed, failed, skipped } = this.#counts;
      const nothing = passed + failed === 0;
      const skippedInCi = skipped > 0 && process.env.CI !== undefined && process.env.CI !== 'false';
      if (nothing || failed > 0 || skippedInCi) process.exitCode ||= 1;
      for (const name of this.#unsteady) process.stdout.write(`\nUNSTEADY, passed at a second try: ${name}`);
      process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    });
  }

  onTestRunEnd(testModules) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const testModule of testModules) {
      const failedBefore = counts.failed;
      for (const test of testModule.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed' && test.diagnostic()?.retryCount > 0) {
          this.#unsteady.push(`${testModule.relativeModuleId} > ${test.fullName}`);
        }
        counts[state === 'passed' || state === 'failed' ? state : 'skipped']++;
      }
      // a file that cannot be loaded, or whose hooks fail, is a failure too
      if (testModule.state() === 'failed' && counts.failed === failedBefore) counts.failed++;
    }
    this.#counts = counts;
  }
}
