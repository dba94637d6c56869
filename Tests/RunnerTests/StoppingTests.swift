import Foundation
import Testing

/// What a batch system sends at the end of a job's time.
@Suite struct StoppingTests {
  /// One block of images is work for minutes here.
  @Test func aBlockWithManyDrawsIsGivenUpAtOnce() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let running = try binary.start([
      "evaluate", "bayes:0.5", "--images", "256", "--robustness-draws", "1000", "--threads", "1", "--no-cache",
      "--output", binary.path("result.json"),
    ])
    let patience = Date(timeIntervalSinceNow: 60)
    while running.process.isRunning, Date() < patience, try !running.errors().contains("measuring") { usleep(10_000) }
    sleep(1)
    #expect(running.process.isRunning, "it was done before it could be stopped")
    let start = ContinuousClock.now
    running.process.terminate()
    let outcome = try running.wait()
    #expect(outcome.status == 130 && outcome.errors.contains("stopped; nothing was written"), "\(outcome.errors)")
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(binary.files.isEmpty)
  }
}
