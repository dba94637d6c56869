import Foundation
import JSON
import Testing

@Suite struct BenchCommandTests {
  @Test func reportsRates() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let outcome = try binary.run(
      "bench", checkpoint, "--shape", "1,20,40", "--seconds", "0.05", "--batch", "4", "--threads", "2", "--json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let report = try JSONDecoding.parse(Data(outcome.output.utf8), source: "bench")
    #expect(report.objectValue?.map(\.key) == ["forward", "inputGradient", "batch", "threads"])
    let forward = try #require(report["forward"]?["imagesPerSecond"]?.doubleValue)
    let gradient = try #require(report["inputGradient"]?["imagesPerSecond"]?.doubleValue)
    #expect(forward > 0 && gradient > 0)
    #expect(report["batch"]?.intValue == 4 && report["threads"]?.intValue == 2)
  }

  private static let memory = ProcessInfo.processInfo.physicalMemory

  /// As `evaluate` does, instead of asking the system for what it does not have.
  @Test(.enabled(if: memory < 64 << 30, "needs a machine that does not hold four million images"))
  func whatDoesNotFitIntoMemoryIsRefused() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let outcome = try binary.run(
      "bench", checkpoint, "--shape", "1,20,40", "--batch", "4096", "--threads", "1024", "--seconds", "0.01")
    #expect(outcome.status == 1 && outcome.output.isEmpty, "\(outcome.errors)")
    #expect(outcome.errors.contains("--batch") && outcome.errors.contains("MiB"), "\(outcome.errors)")
  }

  @Test func unusableShapes() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    for shape in ["3,32", "a,b,c", "1,0,40", "1,20,99999999999999999999"] {
      let outcome = try binary.run("bench", checkpoint, "--shape", shape)
      #expect(outcome.status == 64 && outcome.errors.contains("--shape"))
    }
    let untold = try binary.run("bench", checkpoint)
    #expect(untold.status == 1 && untold.errors.contains("pass --shape"))
  }
}
