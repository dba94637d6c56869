import Foundation
import Testing

/// `ulimit -v` from less than the libraries need to plenty: a result, or one message; never a crash, and never a process that
/// cannot be stopped.
@Suite struct AddressSpaceTests {
  /// Starts the program in a shell that limits its address space, with settings under which OpenBLAS would take as much as it can.
  private func start(_ binary: RealBinary, kilobytes: Int, _ arguments: [String]) throws -> RunningProgram {
    try RunningProgram(
      program: URL(fileURLWithPath: "/bin/bash"),
      arguments: [
        "-c", "export OPENBLAS_NUM_THREADS=64; ulimit -v \(kilobytes); exec \"$0\" \"$@\"", RealBinary.program.path,
      ] + arguments, folder: binary.folder)
  }

  private func model(_ id: String) -> String {
    RealBinary.package.appendingPathComponent("models/\(id)/model.ckpt").path
  }

  private func check(_ outcome: RealBinary.Outcome, _ title: String) {
    guard outcome.status != 0 else {
      #expect(outcome.output.contains("accuracy") && !outcome.errors.contains("memory"), "\(title): \(outcome.errors)")
      return
    }
    #expect(outcome.status == 1 && outcome.output.isEmpty, "\(title): \(outcome.status)")
    let lines = outcome.errors.split(whereSeparator: \.isNewline)
    #expect(lines.count == 1 && lines[0].hasPrefix("pags-bench: "), "\(title): \(outcome.errors)")
    #expect(
      outcome.errors.contains("memory") || outcome.errors.contains("this process may use"),
      "\(title): \(outcome.errors)")
  }

  @Test(arguments: [300_000, 400_000, 600_000, 900_000, 2_000_000], ["1", "1024"])
  func aReferenceModelWorksOrTheMemoryIsNamed(_ kilobytes: Int, _ threads: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try start(
      binary, kilobytes: kilobytes,
      [
        "evaluate", model("glyphs-cnn-cross-entropy"), "--images", "4", "--threads", threads, "--quiet",
        "--no-leaderboard",
      ]
    ).wait()
    check(outcome, "\(kilobytes) KiB, \(threads) threads")
    // What it is known to fit into.
    if kilobytes >= 600_000 { #expect(outcome.status == 0, "\(outcome.errors)") }
  }

  @Test(arguments: [300_000, 500_000, 900_000]) func aResNetToo(_ kilobytes: Int) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try start(
      binary, kilobytes: kilobytes,
      [
        "evaluate", model("glyphs-resnet-cross-entropy"), "--images", "4", "--threads", "8", "--quiet",
        "--no-leaderboard",
      ]
    ).wait()
    check(outcome, "\(kilobytes) KiB")
    if kilobytes >= 900_000 { #expect(outcome.status == 0, "\(outcome.errors)") }
  }

  /// Too little for OpenBLAS's first buffer: said, where OpenBLAS would try for ever.
  @Test func theMessageTellsWhatLibrariesTake() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try start(
      binary, kilobytes: 260_000, ["evaluate", "bayes", "--images", "4", "--quiet", "--no-leaderboard"]
    ).wait()
    #expect(outcome.status == 1)
    let message = outcome.errors.trimmingCharacters(in: .newlines)
    #expect(
      message.wholeMatch(
        of:
          /pags-bench: the memory ran out: `ulimit -v` allows 260000 KiB of address space, of which libraries take \d+; allow more, or lower --images, --batch or --threads/
      ) != nil, "\(message)")
  }

  @Test(arguments: [300_000, 900_000]) func itCanBeStopped(_ kilobytes: Int) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let program = try start(
      binary, kilobytes: kilobytes, ["evaluate", model("glyphs-cnn-cross-entropy"), "--quiet", "--no-leaderboard"])
    Thread.sleep(forTimeInterval: 3)
    let start = ContinuousClock.now
    program.process.terminate()
    program.process.waitUntilExit()
    #expect(ContinuousClock.now - start < .seconds(40))
    #expect(binary.files.isEmpty, "\(binary.files)")
  }
}
