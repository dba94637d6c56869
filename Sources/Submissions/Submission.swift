import BenchCore
import Checkpoints
import Foundation
import JSON
import Text

/// A folder with a `model.json` that keeps to the schema and says all that a submission has to say.
package struct Submission: Sendable {
  package let folder: URL
  package let description: ModelDescription
  /// The files beside `model.json` that belong to the model: its checkpoint where it is here, and a program's own files.
  package let files: [String]

  package var descriptionURL: URL { folder.appendingPathComponent("model.json") }

  /// Whether a program of the submitter's is to be run.
  package var hasProgram: Bool { description.plugin != nil }

  /// Of `model.json` itself; layers are text too.
  private static let descriptionLimit = 4 << 20

  /// Reads and checks everything that can be checked without the checkpoint's bytes.
  /// - Parameter tasks: the tasks there are.
  /// - Throws: `SubmissionError`, with all problems at once; `JSONError` for a file that is not JSON.
  package static func read(_ folder: URL, tasks: [any TaskPlugin]) throws -> Submission {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else {
      throw SubmissionError.noFolder(folder.path)
    }
    guard isFolder.boolValue else { throw SubmissionError.notAFolder(folder.path) }
    let url = folder.appendingPathComponent("model.json")
    guard FileManager.default.fileExists(atPath: url.path) else { throw SubmissionError.noDescription(folder.path) }
    try checkPlace("model.json", in: folder)
    let data: Data
    do {
      let size =
        try FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)[.size] as? Int ?? 0
      guard size <= descriptionLimit else {
        throw SubmissionError.invalid(
          url.path, [SchemaProblem("$", "has \(size) bytes, at most \(descriptionLimit) are allowed")])
      }
      data = try Data(contentsOf: url)
    } catch let error as SubmissionError { throw error } catch {
      throw SubmissionError.unreadable(url.path, error.localizedDescription)
    }
    let value = try JSONDecoding.parse(data, source: url.path)
    let problems = try problems(in: value, tasks: tasks)
    guard problems.isEmpty else { throw SubmissionError.invalid(url.path, problems) }
    let description = try JSONDecoding.decode(
      ModelDescription.self, from: value, source: url.path, rejectUnknownKeys: true)
    return Submission(folder: folder, description: description, files: try files(of: description, in: folder))
  }

  /// Everything wrong with a description as a submission.
  package static func problems(in value: JSONValue, tasks: [any TaskPlugin]) throws -> [SchemaProblem] {
    let unfilled = SubmissionTemplate.unfilled(value)
    let schema = try ModelSchema.load().problems(in: value, definition: "submission")
    return unfilled + schema.filter { problem in !unfilled.contains { problem.path.hasPrefix($0.path) } }
      + meaningProblems(value, tasks).filter { problem in !unfilled.contains { problem.path.hasPrefix($0.path) } }
  }

  /// What a schema cannot say.
  private static func meaningProblems(_ value: JSONValue, _ tasks: [any TaskPlugin]) -> [SchemaProblem] {
    var found: [SchemaProblem] = []
    if let id = value["id"]?.stringValue, id == "known" || id.wholeMatch(of: /bayes(-[0-9.]+)?/) != nil {
      found.append(SchemaProblem("$.id", "`\(id)` is reserved; choose another id"))
    }
    let task = value["task"]?.stringValue
    let plugin = tasks.first { $0.id == task }
    if let task, plugin == nil {
      let known = tasks.map { $0.id }
      found.append(SchemaProblem("$.task", Nearest.unknown("there is no task", task, among: known)))
    }
    if let mean = value["preprocessing"]?["mean"]?.arrayValue?.count,
      let std = value["preprocessing"]?["std"]?.arrayValue?.count
    {
      let channels = plugin?.facts.imageShape?[0]
      if mean != std || channels.map({ $0 != mean }) ?? false {
        found.append(
          SchemaProblem(
            "$.preprocessing",
            "has \(mean) means and \(std) standard deviations, expected "
              + (channels.map { "\($0) of each, one per channel of the task's images" } ?? "as many of each")))
      }
    }
    if value["checkpoint"] == nil, value["plugin"] != nil, value["plugin"]?["files"] == nil {
      found.append(
        SchemaProblem("$.plugin", "missing key `files`, which tells one version of the program from another"))
    }
    return found
  }

  private static func files(of description: ModelDescription, in folder: URL) throws -> [String] {
    var files = description.plugin?.files ?? []
    if let checkpoint = description.checkpoint {
      let name = checkpoint.file
      let exists = name.map { FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path) } ?? false
      if let name, exists || checkpoint.url == nil {
        guard exists else { throw SubmissionError.missingFile(name, folder: folder.path) }
        files.append(name)
      }
    }
    for file in files {
      guard FileManager.default.fileExists(atPath: folder.appendingPathComponent(file).path) else {
        throw SubmissionError.missingFile(file, folder: folder.path)
      }
      try checkPlace(file, in: folder)
    }
    return files
  }

  /// - Throws: `SubmissionError.outside` where symbolic links lead out of the folder.
  private static func checkPlace(_ file: String, in folder: URL) throws {
    let root = folder.resolvingSymlinksInPath().standardizedFileURL.path
    let place = folder.appendingPathComponent(file).resolvingSymlinksInPath().standardizedFileURL.path
    guard place.hasPrefix(root == "/" ? root : root + "/") else {
      throw SubmissionError.outside(file, folder: folder.path, place: place)
    }
  }
}
