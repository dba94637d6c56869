import BenchCore
import Foundation
import Synchronization
import Tensor
import Testing

@testable import Served

/// Each bad behaviour ends in an error that says what happened, and in no process.
@Suite struct ServedMisbehaviourTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let mode: String
    let words: [String]

    init(_ mode: String, _ words: String...) { (self.mode, self.words) = (mode, words) }

    var testDescription: String { mode }
  }

  private static func message(_ error: any Error, of mode: String) -> String {
    let text = "\(error)"
    #expect(error is ServedPluginError, "\(text)")
    #expect(text.contains("TestPlugin") && text.contains(mode), "which program: \(text)")
    #expect(text.utf8.count < 8000 && !text.contains("\u{1B}"), "bounded, and nothing a terminal obeys")
    return text
  }

  @Test(arguments: [
    Case("exit-at-start", "exit code 3", "last words", "| cannot find weights.bin", "loading its model"),
    Case("print-at-start", "`Loading model from weights.bin ...`", "standard output", "standard error"),
    Case("print-and-answer", "`Done.PAGS`"), Case("binary-at-start", "ff 00 01 fe 80 02"),
    Case("not-json", "not JSON"), Case("deep-json", "nest deeper than 16"),
    Case("huge-header", "4294967295 bytes", "2 to 65536"), Case("payload-at-hello", "1099511627776", "expected none"),
    Case("half-frame", "ended with exit code 0"),
    Case("version-2", "version 2 of the protocol, expected 1"), Case("bad-id", "`../x`"),
    Case("other-kind", "serves a `metric`, expected a `classifier`"),
    Case("bad-shape", "[1, -2, 3]"), Case("huge-shape", "[65536, 65536, 65536]"), Case("one-class", "1 classes"),
    Case("no-shape", "missing key `inputShape`"), Case("bad-std", "positive deviation"),
    Case("text-classes", "classCount", "expected"), Case("child-then-exit", "exit code 4"),
  ])
  func atTheHandshake(_ test: Case) throws {
    let fixture = ServedFixture()
    do {
      _ = try fixture.load(fixture.program(test.mode))
      Issue.record("became a model")
    } catch {
      let text = Self.message(error, of: test.mode)
      for word in test.words { #expect(text.contains(word), "expected `\(word)` in: \(text)") }
    }
    #expect(fixture.hasNoProcess())
  }

  @Test(arguments: [
    Case("crash", "signal 6", "SIGABRT", "| about to crash"), Case("killed", "signal 9", "memory runs out"),
    Case("exit-midway", "exit code 7", "| out of memory on cuda:0", "computing logits"),
    Case("report", "Traceback: no kernel image\nfor this device"), Case("print", "`epoch 3: loss 0.12`"),
    Case("wrong-shape", "[2, 4], expected [2, 3]"), Case("transposed", "[3, 2], expected [2, 3]"),
    Case("nan", "nan at element 0 of image 0", "normalisation"),
    Case("huge-payload", "18446744073709551615 bytes", "expected 24"), Case("short-payload", "4 bytes", "expected 24"),
    Case("truncated", "exit code 0"), Case("other-request", "request 2, expected 3"),
    Case("other-type", "type `gradient`, expected `logits`"), Case("shared-elsewhere", "offset"),
  ])
  func atARequest(_ test: Case) throws {
    let fixture = ServedFixture()
    let classifier = try fixture.load(fixture.program(test.mode)).classifier
    for _ in 0..<2 {
      do {
        _ = try classifier.logits(ServedFixture.images(2))
        Issue.record("gave logits")
      } catch {
        let text = Self.message(error, of: test.mode)
        for word in test.words { #expect(text.contains(word), "expected `\(word)` in: \(text)") }
      }
      // The second time it is told what the first one was.
      #expect(fixture.hasNoProcess())
    }
  }

  @Test(arguments: [
    Case("infinite-gradient", "inf at element 5 of image 1"), Case("flat-gradient", "[2, 6], expected [2, 1, 2, 3]"),
  ])
  func atAGradient(_ test: Case) throws {
    let fixture = ServedFixture()
    let classifier = try fixture.load(fixture.program(test.mode)).classifier
    #expect(try classifier.logits(ServedFixture.images(2)).batch == 2)
    do {
      _ = try classifier.inputGradient(.logitSum, at: ServedFixture.images(2))
      Issue.record("gave gradients")
    } catch {
      let text = Self.message(error, of: test.mode)
      for word in test.words { #expect(text.contains(word), "expected `\(word)` in: \(text)") }
    }
    #expect(fixture.hasNoProcess())
  }

  @Test("a hang ends at the time limit", arguments: ["hang-at-start", "silent", "hang-at-start,ignore-signals,child"])
  func hangAtStart(_ mode: String) throws {
    let fixture = ServedFixture()
    // The program never ends by itself.
    #expect { try fixture.load(fixture.program(mode, startLimit: .seconds(1))) } throws: {
      "\($0)".contains("no answer within 1 second;") && "\($0)".contains("--plugin-start-limit")
    }
    #expect(fixture.hasNoProcess())
  }

  @Test(
    "a hang at a request ends at the time limit, also where the request is not even read",
    arguments: [
      ("hang,ignore-signals", "1,2,3", "waiting for the GPU"), ("deaf", "1,256,256", "no answer within"),
      ("trickle", "1,2,3", "no answer within"),
    ])
  func hang(_ mode: String, shape: String, word: String) throws {
    let fixture = ServedFixture()
    let classifier = try fixture.load(fixture.program(mode, shape: shape, limit: .seconds(3)), batch: 16).classifier
    do {
      _ = try classifier.logits(ServedFixture.images(16, shape: classifier.inputShape))
      Issue.record("gave logits")
    } catch {
      let text = Self.message(error, of: mode)
      #expect(text.contains(word) && text.contains("--plugin-limit"), "\(text)")
    }
    #expect(fixture.hasNoProcess())
  }

  @Test(arguments: ["1,2,3", "1,256,256"])
  func strayOutputWhileARequestIsSent(_ shape: String) throws {
    let fixture = ServedFixture()
    let classifier = try fixture.load(fixture.program("chatty", shape: shape), batch: 16).classifier
    #expect { try classifier.logits(ServedFixture.images(16, shape: classifier.inputShape)) } throws: {
      "\($0)".contains("`ready to serve`")
    }
  }

  @Test func closedOutput() throws {
    let fixture = ServedFixture()
    let classifier = try fixture.load(fixture.program("close-output")).classifier
    #expect { try classifier.logits(ServedFixture.images(1)) } throws: { "\($0)".contains("goes on running") }
    #expect(fixture.hasNoProcess())
  }

  @Test func aFloodOnStandardErrorStopsNothing() throws {
    let fixture = ServedFixture()
    let good = try fixture.load(fixture.program("flood")).classifier
    #expect(try good.logits(ServedFixture.images(2)).batch == 2)
    let bad = try fixture.load(fixture.program("flood,exit-midway")).classifier
    do {
      _ = try bad.logits(ServedFixture.images(2))
      Issue.record("gave logits")
    } catch {
      let text = Self.message(error, of: "flood")
      #expect(text.contains("| U+001B[2Jthe last line") && text.contains("exit code 7"), "\(text)")
    }
  }

  @Test func sharedMemoryCannotBeTruncated() throws {
    let fixture = ServedFixture()
    let classifier = try fixture.load(fixture.program("truncate-memory")).classifier
    let images = ServedFixture.images(3)
    #expect(
      ServedFixture.isClose(try classifier.logits(images).scalars, ServedFixture.reference(images).logits))
  }

  @Test func cancellationEndsTheWait() throws {
    let fixture = ServedFixture()
    let box = CancellationBox()
    let classifier = try fixture.load(
      fixture.program("hang", check: { if box.isSet { throw CancellationError() } })
    ).classifier
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.3) { box.set() }
    #expect(throws: CancellationError.self) { try classifier.logits(ServedFixture.images(1)) }
    #expect(fixture.hasNoProcess())
  }

  @Test func programsThatCannotBeStarted() throws {
    let fixture = ServedFixture()
    for (command, folder) in [
      (["no-such-program-anywhere"], "/"), (["./absent"], "/"), (["/etc/passwd"], "/"), (["sh"], "/no/such/folder"),
    ] {
      #expect { try fixture.load(ServerCommand(command: command, folder: folder)) } throws: {
        "\($0)".contains("cannot be started") && "\($0)".contains(command[0])
      }
    }
    // Not a plugin at all.
    #expect { try fixture.load(ServerCommand(command: ["true"], folder: "/")) } throws: {
      "\($0)".contains("exit code 0")
    }
    #expect { try fixture.load(ServerCommand(command: ["cat"], folder: "/")) } throws: {
      "\($0)".contains("type `hello`, expected `ready`")
    }
  }

  /// In a process of its own: other tests of this one open files meanwhile, as many as they like.
  @Test func descriptorsAreGivenBack() async {
    await #expect(processExitsWith: .success) {
      func open() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
      let fixture = ServedFixture()
      func round() throws {
        _ = try fixture.load(fixture.program("good")).classifier.logits(ServedFixture.images(1))
        for mode in ["exit-midway", "exit-at-start"] {
          #expect(throws: ServedPluginError.self) {
            try fixture.load(fixture.program(mode)).classifier.logits(ServedFixture.images(1))
          }
        }
        #expect(throws: ServedPluginError.self) {
          try fixture.load(ServerCommand(command: ["no-such-program-anywhere"], folder: "/"))
        }
      }
      try round()
      let before = try open()
      for _ in 0..<8 { try round() }
      // Those of the last processes are given back by a thread that ends them: a moment later, but all of them.
      let end = ContinuousClock.now + .seconds(60)
      while try open() > before, .now < end { try await Task.sleep(for: .milliseconds(20)) }
      let after = try open()
      #expect(after <= before, "\(before) before, \(after) after")
    }
  }
}

private final class CancellationBox: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}
