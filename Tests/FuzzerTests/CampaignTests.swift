import Foundation
import Testing

@testable import Fuzzer

/// What the fuzzer finds it must say, and go on: its own inputs that trap, hang and flood are found among others.
struct CampaignTests {
  private struct Outcome {
    let status: Int32
    let output: String
  }

  private func run(_ arguments: String...) throws -> Outcome {
    // The test bundle stands beside the program.
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let candidates = [bundle.deletingLastPathComponent(), package.appendingPathComponent(".build/debug")]
      .map { $0.appendingPathComponent("Fuzzer") }
    let output = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).out")
    _ = FileManager.default.createFile(atPath: output.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: output) }
    let process = Process()
    // Where it is not built, this names a file that is not there.
    process.executableURL =
      candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? candidates[0]
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8))
  }

  @Test func trapsAndFloodsAreReportedAndTheRestIsRun() throws {
    let outcome = try run("--kind", TrappingInput.id, "--seed", "4", "--count", "8", "--seconds", "600")
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("FOUND --kind self-test --seed 4 --index \(TrappingInput.trap): ends the process"))
    #expect(outcome.output.contains("FOUND --kind self-test --seed 4 --index \(TrappingInput.flood): takes "))
    // It went on behind them.
    #expect(
      outcome.output.contains("self-test: 7 inputs") && outcome.output.contains("next index 8"), "\(outcome.output)")
  }

  @Test func aTrapEndsAProcessThatRunsItAlone() throws {
    #expect(try run("--kind", TrappingInput.id, "--index", "\(TrappingInput.trap)").status != 0)
    #expect(try run("--kind", TrappingInput.id, "--index", "0").status == 0)
  }

  @Test func unknownKindsAreRefused() throws {
    #expect(try run("--kind", "nonsense").status != 0)
  }
}
