import BenchCore
import Checkpoints
import Foundation
import JSON
import Text

/// What `new-submission` writes: a `model.json` whose values say what belongs in their place, and a README.md that explains
/// every key, both made of the schema.
package enum SubmissionTemplate {
  /// What a value begins with that is still to be replaced.
  static let mark = "FILL IN: "

  /// The values that are still the template's.
  static func unfilled(_ value: JSONValue, _ path: String = "$") -> [SchemaProblem] {
    switch value {
    case .string(let text):
      text.hasPrefix(mark.dropLast())
        ? [SchemaProblem(path, "fill in " + PlainText.shown(String(text.dropFirst(mark.count))))] : []
    case .array(let elements): elements.enumerated().flatMap { unfilled($1, "\(path)[\($0)]") }
    case .object(let members): members.flatMap { unfilled($0.value, path + PlainText.step($0.key)) }
    case .null, .bool, .integer, .number: []
    }
  }

  /// Writes the template, completely or not at all.
  /// - Parameters:
  ///   - checkpoint: a file to submit: it is copied into the folder, and its entry filled in.
  ///   - id, task: filled in where given.
  /// - Throws: `SubmissionError.template` where one of the files exists, `.weightsName`; `CheckpointError`.
  package static func write(
    to folder: URL, id: String? = nil, task: String? = nil, checkpoint: URL? = nil, tasks: [String]
  ) throws {
    let manager = FileManager.default
    let source = try checkpoint.map { try CheckpointFile.open($0.path) }
    if let source { try SubmittedWeights.check(source) }
    // The checkpoint with the files that belong to it.
    let copied =
      try source.map { source in
        [(source.name, source.url, source.data)]
          + (try source.externalFiles.map { ($0.name, $0.url, try CheckpointFile.openWithoutDigest($0.url.path).data) })
      } ?? []
    for name in ["model.json", "README.md"] + copied.map(\.0) {
      let place = folder.appendingPathComponent(name)
      let original = copied.first { $0.0 == name }?.1
      let isItself =
        place.resolvingSymlinksInPath().standardizedFileURL == original?.resolvingSymlinksInPath().standardizedFileURL
      guard isItself || !manager.fileExists(atPath: place.path) else { throw SubmissionError.template(place.path) }
    }
    try Folder.make(folder)
    for (name, _, data) in copied {
      let place = folder.appendingPathComponent(name)
      try Folder.make(place.deletingLastPathComponent())
      if !manager.fileExists(atPath: place.path) { try AtomicFile.write(data, to: place.path) }
    }
    try AtomicFile.write(
      Data(try readme(tasks: tasks).utf8), to: folder.appendingPathComponent("README.md").path)
    try AtomicFile.write(
      try description(id: id, task: task, source: source, tasks: tasks),
      to: folder.appendingPathComponent("model.json").path)
  }

  private static func description(
    id: String?, task: String?, source: CheckpointFile?, tasks: [String]
  ) throws -> Data {
    func member(_ key: String, _ value: JSONValue) -> JSONMember { JSONMember(key: key, value: value) }
    func fill(_ text: String) -> JSONValue { .string(mark + text) }
    let checkpoint: JSONValue =
      if let source {
        .object([
          member("file", .string(source.name)), member("sha256", .string(source.sha256)),
          member("bytes", .integer(Int64(source.byteCount))),
        ])
      } else {
        .object([
          member(
            "file", fill("the name of the checkpoint in this folder; or delete this line and give url, sha256, bytes"))
        ])
      }
    return try JSONEncoding.encode(
      JSONValue.object([
        member("id", id.map(JSONValue.string) ?? fill("a short id such as my-lab-resnet18-pgd-0.5")),
        member("name", fill("the name for people, such as ResNet-18, PGD L2 0.5")),
        member("task", task.map(JSONValue.string) ?? fill("the task: " + tasks.joined(separator: ", "))),
        member("checkpoint", checkpoint),
        member(
          "architecture", fill("a built-in architecture or a layer list; delete the line if it is recognised or ONNX")),
        member(
          "preprocessing",
          .object([
            member("mean", fill("[0.4914, 0.4822, 0.4465], mean of each channel in training; [0] for none")),
            member("std", fill("[0.2471, 0.2435, 0.2616], standard deviation of each; [1] for none")),
          ])),
        member(
          "claims",
          .object([
            member("accuracy", fill("0.94, the test accuracy as a share")),
            member(
              "standardModel",
              fill(
                "id on the leaderboard of the same network trained without a robustness objective, or delete the line")),
          ])),
        member(
          "source",
          .object([
            member("paper", fill("the reference, or delete the line")),
            member("url", fill("a page of the paper or the code, or delete the line")),
            member("authors", fill("who trained it, or delete the line")),
            member("license", fill("the license of the weights, such as MIT")),
            member("training", fill("objective and strength, such as PGD, L2 radius 0.5, 7 steps")),
          ])),
      ]))
  }

  /// Keys of models that are no classifiers, and so no submissions.
  private static let otherKeys = ["kind", "noise"]

  /// Every key of a submission with its meaning.
  private static func readme(tasks: [String]) throws -> String {
    let schema = try ModelSchema.load()
    func rows(_ object: JSONValue, _ prefix: String) -> [String] {
      (object["properties"]?.objectValue ?? []).filter { !otherKeys.contains($0.key) }.flatMap { member -> [String] in
        let described = member.value["description"]?.stringValue ?? ""
        let expected = (member.value["x-expected"]?.stringValue).map { " (\($0))" } ?? ""
        return ["| `\(prefix)\(member.key)` | \(described)\(expected) |"]
          + rows(member.value, prefix + member.key + ".")
      }
    }
    return """
      # A submission to pags-bench

      `model.json` says what the model is. Replace every value that begins with `\(mark.dropLast(2))`, delete lines that
      do not apply, put the checkpoint beside it (or give `url`, `sha256` and `bytes`), then:

      ```
      pags-bench plugins check CHECKPOINT      # can it be measured?
      pags-bench submit . --dry-run            # everything but the writing
      pags-bench submit .
      ```

      Tasks: \(tasks.joined(separator: ", ")) (`pags-bench tasks`). The guide is docs/submit.md. A model that a program of
      yours serves has a `plugin` besides (docs/plugin-protocol.md), and needs `--allow-plugin` after each of these commands.

      | key | meaning |
      |---|---|
      \(rows(schema.root, "").joined(separator: "\n"))

      """
  }
}
