import BenchCore
import Checkpoints
import Foundation
import JSON
import Plugins
import Testing

@testable import Submissions

@Suite struct SubmissionTests {
  private func withFolder(_ document: String, _ body: (URL) throws -> Void) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("submission-\(UUID().uuidString)")
    let folder = root.appendingPathComponent("net")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: root) }
    try document.write(to: folder.appendingPathComponent("model.json"), atomically: true, encoding: .utf8)
    try Data("weights".utf8).write(to: folder.appendingPathComponent("net.pt"))
    try body(folder)
  }

  private func refusal(_ folder: URL) -> (any Error)? {
    do {
      _ = try Submission.read(folder, tasks: BuiltinPlugins.all.tasks)
      return nil
    } catch { return error }
  }

  @Test func acceptsAValidOne() throws {
    try withFolder(SubmissionDocuments.valid) { folder in
      let submission = try Submission.read(folder, tasks: BuiltinPlugins.all.tasks)
      #expect(submission.description.id == "net-1.0" && submission.files == ["net.pt"])
      let store = CheckpointStore(cache: folder.appendingPathComponent("cache"))
      let file = try #require(try submission.checkpoint(store, progress: SilentProgress()))
      #expect(file.data == Data("weights".utf8))
    }
  }

  @Test func aStandardModelMayBeNamed() throws {
    for document in SubmissionDocuments.alsoValid {
      try withFolder(document) { folder in
        let submission = try Submission.read(folder, tasks: BuiltinPlugins.all.tasks)
        #expect(submission.description.claims?.standardModel == "net-0")
      }
    }
  }

  @Test(
    "refused with path and reason", arguments: SubmissionDocuments.refused + SubmissionDocuments.refusedAsSubmission)
  func refused(_ example: SubmissionDocuments.Refused) throws {
    try withFolder(example.document) { folder in
      let error = try #require(refusal(folder))
      guard case SubmissionError.invalid(let file, let problems) = error else {
        // NUL in a string is refused by whoever opens files; in a name it never gets there.
        Issue.record("\(error)")
        return
      }
      #expect(file.hasSuffix("net/model.json"))
      let problem = problems.first { $0.path == example.path }
      for word in example.words {
        #expect(problem?.problem.contains(word) ?? false, "expected `\(word)` at \(example.path) in \(problems)")
      }
      // Nothing in a message may act on a terminal.
      let message = "\(error)"
      #expect(message.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
      #expect(message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .format })
    }
  }

  @Test func allProblemsAreListedAtOnce() throws {
    let document = SubmissionDocuments.valid.replacing("net-1.0", with: "Net").replacing("0.93", with: "93")
      .replacing("net.pt", with: "/net.pt").replacing("\"glyphs\"", with: "\"mnits\"").replacing("0.25", with: "0")
    try withFolder(document) { folder in
      guard case SubmissionError.invalid(_, let problems)? = refusal(folder) else {
        Issue.record("not refused")
        return
      }
      #expect(
        Set(problems.map(\.path)) == [
          "$.id", "$.claims.accuracy", "$.checkpoint.file", "$.task", "$.preprocessing.std[0]",
        ])
    }
  }

  @Test(
    "text that is no JSON",
    arguments: ["", "{", "{\"id\": NaN}", "{\"id\": \"a\", \"id\": \"b\"}", "[1] x", "\u{feff}{}"])
  func noJSON(_ text: String) throws {
    try withFolder(text) { folder in
      let error = try #require(refusal(folder))
      #expect(error is JSONError && "\(error)".contains("model.json"))
    }
  }

  @Test func documentsThatAreNoObjects() throws {
    for text in ["[]", "null", "7", "\"x\""] {
      try withFolder(text) { folder in
        guard case SubmissionError.invalid(_, let problems)? = refusal(folder) else {
          Issue.record("not refused: \(text)")
          return
        }
        #expect(problems.contains { $0.path == "$" && $0.problem.contains("expected object") })
      }
    }
  }

  @Test func missingThings() throws {
    try withFolder(SubmissionDocuments.valid) { folder in
      #expect("\(try #require(refusal(folder.appendingPathComponent("none"))))".contains("new-submission"))
      #expect("\(try #require(refusal(folder.appendingPathComponent("net.pt"))))".contains("expected a folder"))
      try FileManager.default.removeItem(at: folder.appendingPathComponent("net.pt"))
      #expect("\(try #require(refusal(folder)))".contains("names the file net.pt, which is not there"))
      try FileManager.default.removeItem(at: folder.appendingPathComponent("model.json"))
      #expect("\(try #require(refusal(folder)))".contains("holds no model.json"))
    }
  }

  @Test func anEndlessDescriptionIsNotRead() throws {
    try withFolder(SubmissionDocuments.valid) { folder in
      // 1 TB that takes no space.
      let handle = try FileHandle(forWritingTo: folder.appendingPathComponent("model.json"))
      try handle.truncate(atOffset: 1 << 40)
      try handle.close()
      #expect("\(try #require(refusal(folder)))".contains("has 1099511627776 bytes, at most"))
    }
  }

  @Test func linksOutOfTheFolderAreRefused() throws {
    try withFolder(SubmissionDocuments.valid) { folder in
      let manager = FileManager.default
      let checkpoint = folder.appendingPathComponent("net.pt")
      let outside = folder.deletingLastPathComponent().appendingPathComponent("secret")
      try Data("secret".utf8).write(to: outside)
      try manager.removeItem(at: checkpoint)
      try manager.createSymbolicLink(at: checkpoint, withDestinationURL: outside)
      #expect("\(try #require(refusal(folder)))".contains("leads out of the folder"))
      // One that stays inside is what it points to.
      try Data("weights".utf8).write(to: folder.appendingPathComponent("real.pt"))
      try manager.removeItem(at: checkpoint)
      try manager.createSymbolicLink(atPath: checkpoint.path, withDestinationPath: "real.pt")
      #expect(refusal(folder) == nil)
      // The description itself.
      let description = folder.appendingPathComponent("model.json")
      try manager.moveItem(at: description, to: folder.deletingLastPathComponent().appendingPathComponent("model.json"))
      try manager.createSymbolicLink(atPath: description.path, withDestinationPath: "../model.json")
      #expect("\(try #require(refusal(folder)))".contains("leads out of the folder"))
    }
  }

  @Test func digestAndSizeThatDisagree() throws {
    for (text, word) in [("\"sha256\": \"\(SubmissionDocuments.digest)\"", "SHA-256"), ("\"bytes\": 8", "8")] {
      try withFolder(SubmissionDocuments.valid.replacing("\"net.pt\"", with: "\"net.pt\", \(text)")) { folder in
        let submission = try Submission.read(folder, tasks: BuiltinPlugins.all.tasks)
        do {
          _ = try submission.checkpoint(CheckpointStore(cache: folder), progress: SilentProgress())
          Issue.record("not refused")
        } catch { #expect("\(error)".contains("net.pt") && "\(error)".contains(word)) }
      }
    }
  }
}

@Suite struct SubmissionTemplateTests {
  @Test func untouchedTemplateAsksToBeFilledIn() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("template-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try SubmissionTemplate.write(to: folder, tasks: ["glyphs", "mnist"])
    do {
      _ = try Submission.read(folder, tasks: BuiltinPlugins.all.tasks)
      Issue.record("not refused")
    } catch SubmissionError.invalid(_, let problems) {
      #expect(problems.allSatisfy { $0.problem.hasPrefix("fill in ") }, "\(problems)")
      for path in ["$.id", "$.name", "$.task", "$.checkpoint.file", "$.claims.accuracy", "$.source.training"] {
        #expect(problems.contains { $0.path == path })
      }
    }
    let readme = try String(contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
    for key in ["`id`", "`checkpoint.sha256`", "`preprocessing.std`", "`claims.accuracy`", "`source.license`"] {
      #expect(readme.contains(key))
    }
    #expect(throws: SubmissionError.self) { try SubmissionTemplate.write(to: folder, tasks: ["glyphs"]) }
  }

  @Test func aCheckpointIsCopiedAndDescribed() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("template-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    let checkpoint = root.appendingPathComponent("net.pt")
    try Data("weights".utf8).write(to: checkpoint)
    let folder = root.appendingPathComponent("new")
    try SubmissionTemplate.write(to: folder, id: "net", task: "glyphs", checkpoint: checkpoint, tasks: ["glyphs"])
    let value = try JSONDecoding.parse(
      Data(contentsOf: folder.appendingPathComponent("model.json")), source: "model.json")
    #expect(value["checkpoint"]?["sha256"]?.stringValue == CheckpointFile.sha256(of: Data("weights".utf8)))
    #expect(value["checkpoint"]?["bytes"]?.intValue == 7 && value["id"]?.stringValue == "net")
    #expect(try Data(contentsOf: folder.appendingPathComponent("net.pt")) == Data("weights".utf8))
  }
}
