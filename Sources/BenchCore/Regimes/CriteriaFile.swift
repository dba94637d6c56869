import Checkpoints
import Digests
import Foundation
import JSON
import Text

/// Thresholds of the regime rule that a user made with `tasks calibrate`, as a file.
package struct CriteriaFile: Sendable, Equatable, Codable {
  /// `CriteriaProcedure.version`.
  package var procedure: Int
  package var task: String
  package var taskVersion: Int
  /// What the networks were measured on.
  package var dataset: TaskRecord.Dataset
  package var criteria: RegimeCriteria
  /// Ids of the robust networks; the standard ones are named in `criteria`.
  package var robust: [String]

  /// - Parameters:
  ///   - task: whose criteria they take the place of.
  ///   - standards: results of networks trained without a robustness objective.
  ///   - robust: results of networks trained for robustness that kept their signal; measured on the same images.
  /// - Throws: `CriteriaError`.
  package init(
    for task: any BenchmarkTask, standards: [EvaluationResult], robust: [EvaluationResult]
  ) throws(CriteriaError) {
    guard !task.densityIsExact else { throw .exact(task: task.id) }
    guard let own = task.criteria else { throw .noneToBeginWith(task: task.id) }
    guard let first = (standards + robust).first else { throw .tooFew(standards: 0, robust: 0) }
    for result in standards + robust {
      guard result.task.id == task.id, result.task.version == task.version else {
        throw .otherTask(
          model: result.model.id, expected: "\(task.id) version \(task.version)",
          got: "\(result.task.id) version \(result.task.version)")
      }
      let (here, there) = (result.measurementProtocol, first.measurementProtocol)
      guard result.task.dataset.digest == first.task.dataset.digest, here.seed == there.seed, here.clip == there.clip,
        result.task.manifold?.learned == first.task.manifold?.learned
      else { throw .otherImages(model: result.model.id, first: first.model.id) }
    }
    procedure = CriteriaProcedure.version
    self.task = task.id
    taskVersion = task.version
    dataset = first.task.dataset
    var networks: [CriteriaProcedure.Network] = []
    for result in standards + robust { networks.append(try CriteriaProcedure.Network(result)) }
    criteria = try CriteriaProcedure.criteria(
      own, standards: Array(networks.prefix(standards.count)),
      robust: Array(networks.dropFirst(standards.count)))
    self.robust = robust.map(\.model.id)
  }

  /// A file that was read.
  package struct Read: Sendable {
    package let file: CriteriaFile
    package let source: CriteriaSource

    /// The criteria and where they are from, for a task.
    /// - Throws: `CriteriaError.invalid` where they are another one's.
    package func of(
      _ task: String, version: Int
    ) throws(CriteriaError) -> (criteria: RegimeCriteria, source: CriteriaSource) {
      guard file.task == task, file.taskVersion == version else {
        throw .invalid(
          file: source.file,
          problem: "is of task \(file.task) version \(file.taskVersion), not of \(task) version \(version)")
      }
      return (file.criteria, source)
    }
  }

  /// - Throws: `CriteriaError.invalid`, also where the file cannot be read, and `JSONError`.
  package static func read(_ url: URL) throws -> Read {
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw CriteriaError.invalid(file: url.path, problem: "cannot be read: \(error.localizedDescription)")
    }
    let name = url.lastPathComponent
    let file = try JSONDecoding.decode(Self.self, from: data, source: name, rejectUnknownKeys: true)
    if let problem = file.criteria.problem { throw CriteriaError.invalid(file: name, problem: problem) }
    return Read(file: file, source: CriteriaSource(file: name, sha256: SHA256.hash(data: data).hexadecimal))
  }
}

extension RegimeCriteria {
  /// What is wrong with criteria from a file; nil where nothing is.
  var problem: String? {
    let shares = [
      ("robustRatio", robustRatio), ("specificShare", specificShare), ("templateShare", templateShare),
      ("densityAccuracy", densityAccuracy), ("cosine", cosine ?? 0), ("densitySensitivity", densitySensitivity ?? 0),
    ]
    for (name, value) in shares where !(0...10).contains(value) {
      return "criteria.\(name) is \(value), expected 0 to 10"
    }
    guard templateShare <= specificShare else {
      return "criteria.templateShare is \(templateShare), above specificShare \(specificShare)"
    }
    for standard in standards {
      guard standard.parameters >= 0, (0...1).contains(standard.accuracy), (0...2).contains(standard.onManifold) else {
        return
          "criteria.standards: \(standard.name) has \(standard.parameters) parameters, accuracy \(standard.accuracy), "
          + "on-manifold sensitivity \(standard.onManifold)"
      }
    }
    return nil
  }
}
