import Foundation
import JSON
import Synchronization

/// The folder `leaderboard/`: result files under `results/<task>/<model-id>.json`, those that are compared with no others under
/// `unranked/<task>/<model-id>.json`, and `leaderboard.json` made of them.
package struct Leaderboard: Sendable {
  package let directory: URL

  package init(directory: URL) {
    self.directory = directory
  }

  package var documentURL: URL { directory.appendingPathComponent("leaderboard.json") }

  /// Whether a result is compared with others or stands beside them.
  package enum Standing: Sendable, Hashable, CaseIterable {
    case ranked, unranked

    package init(of result: EvaluationResult) { self = UnrankedReason(result) == nil ? .ranked : .unranked }

    /// Of the leaderboard's folder.
    var folder: String { self == .ranked ? "results" : "unranked" }
  }

  /// Of one's own leaderboard, in the folder of the committed one.
  package static let ownFolder = "own"

  /// Whether its folder holds a leaderboard, or results of one.
  package var isThere: Bool {
    FileManager.default.fileExists(atPath: documentURL.path)
      || Standing.allCases.contains { isFolder(directory.appendingPathComponent($0.folder)) }
  }

  package var own: Leaderboard { Leaderboard(directory: directory.appendingPathComponent(Self.ownFolder)) }

  /// `results/<task>/<model-id>.json`.
  package static func resultPath(of result: EvaluationResult) -> String { path(of: result, standing: .ranked) }

  /// Where a result belongs: `resultPath(of:)`, or `unranked/<task>/<model-id>.json`.
  package static func path(of result: EvaluationResult) -> String { path(of: result, standing: Standing(of: result)) }

  private static func path(of result: EvaluationResult, standing: Standing) -> String {
    "\(standing.folder)/\(result.task.id)/\(result.model.id).json"
  }

  /// Where a result belongs.
  package func url(of result: EvaluationResult) -> URL { directory.appendingPathComponent(Self.path(of: result)) }

  package func resultURL(_ standing: Standing = .ranked, task: String, model: String) -> URL {
    directory.appendingPathComponent("\(standing.folder)/\(task)/\(model).json")
  }

  /// The bytes of `leaderboard.json`. They depend on the result files' contents alone.
  /// - Throws: JSON's errors and `ResultError` for a file that is not a valid result or not in its place.
  package func build() throws -> Data { try JSONEncoding.encode(document()) }

  /// - Throws: as `build()`.
  package func document() throws -> LeaderboardDocument { try ShownResults(of: self, withOwn: false).document }

  /// Builds `leaderboard.json` and writes it where it differs from what is there.
  /// - Returns: whether it differed.
  @discardableResult
  package func refresh() throws -> Bool { try exclusively { try refreshLocked() } }

  /// Writes a result, with its per-image samples where given, to its place on the leaderboard or beside it and refreshes
  /// `leaderboard.json`.
  /// - Throws: `ResultError.otherReferences` for a result of other references than the task's own; where it would take the
  ///   place of another, `.otherCheckpoint`, `.otherModel`, `.otherProtocol`, `.fewerImages`.
  package func add(_ result: EvaluationResult, samples: Data? = nil) throws {
    try apply {
      let (standing, task, model) = (Standing(of: result), result.task.id, result.model.id)
      try checkReplacement(by: Plan(result))
      let data = try standing == .ranked ? checked(result) : checkedBeside(result)
      var change = LeaderboardChange([(.result(standing, task: task, model: model), data)])
      if let samples { change.files.append((.samples(standing, task: task, model: model), samples)) }
      return change
    }
  }

  /// What an evaluation will be of.
  package struct Plan: Sendable {
    package var model: ModelRecord
    package var standing: Standing
    package var task: String
    package var version: Int
    package var images: Int
    package var seed: UInt64
    package var clip: Bool
    /// The digest of the first so many images of a seed, of the data that it will be of; nil where that is not known.
    package var digest: @Sendable (_ images: Int, _ seed: UInt64) -> String?

    package init(
      model: ModelRecord, standing: Standing, task: String, version: Int, images: Int, seed: UInt64, clip: Bool,
      digest: @escaping @Sendable (_ images: Int, _ seed: UInt64) -> String? = { _, _ in nil }
    ) {
      self.digest = digest
      (self.model, self.standing, self.task, self.version) = (model, standing, task, version)
      (self.images, self.seed, self.clip) = (images, seed, clip)
    }

    init(_ result: EvaluationResult) {
      let settings = result.measurementProtocol
      self.init(
        model: result.model, standing: Standing(of: result), task: result.task.id, version: result.task.version,
        images: settings.images, seed: settings.seed, clip: settings.clip
      ) { images, seed in (images, seed) == (settings.images, settings.seed) ? result.task.dataset.digest : nil }
    }

    fileprivate var measurement: String { "\(images) images, seed \(seed)\(clip ? ", clipped" : "")" }
  }

  /// Whether `add` would take the result of an evaluation, to be asked before hours of work.
  /// - Throws: what `add` would throw.
  package func check(_ plan: Plan) throws {
    guard isFolder(directory) else { return }
    try exclusively {
      try checkReplacement(by: plan)
      _ = try models()
    }
  }

  /// A result makes place for one of the same checkpoint and of no fewer images; a submitted one for nothing but the same
  /// evaluation, made again.
  private func checkReplacement(by plan: Plan) throws {
    let (id, measured) = (plan.model.id, plan.model.checkpoint?.sha256)
    let submitted = try submittedDescription(of: id)
    if let stated = submitted?.checkpoint?.sha256?.lowercased(), let measured, stated != measured {
      throw ResultError.otherCheckpoint(model: id, submitted: stated, measured: measured)
    }
    let url = resultURL(plan.standing, task: plan.task, model: id)
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    let result = try ResultFile.read(url)
    let recorded = Plan(result)
    let sha256 = recorded.model.checkpoint?.sha256
    guard sha256 == measured else {
      throw ResultError.otherModel(file: url.path, model: id, recorded: sha256, measured: measured)
    }
    guard recorded.images <= plan.images || submitted != nil else {
      throw ResultError.fewerImages(file: url.path, recorded: recorded.images, measured: plan.images)
    }
    guard recorded.version == plan.version else { return }
    if let digest = plan.digest(recorded.images, recorded.seed), digest != result.task.dataset.digest {
      throw ResultError.otherImages(file: url.path)
    }
    guard submitted == nil || recorded.measurement == plan.measurement else {
      throw ResultError.otherProtocol(model: id, recorded: recorded.measurement, measured: plan.measurement)
    }
  }

  /// Makes a change while no other process changes this folder, all of it or, where `change` or the leaderboard's other
  /// files stand against it, nothing. A process that is killed meanwhile leaves the old state or a journal that the next
  /// command finishes.
  /// - Returns: the change that was made.
  @discardableResult
  package func apply(_ change: () throws -> LeaderboardChange) throws -> LeaderboardChange {
    try exclusively {
      let change = try change()
      // Refused before anything is written: afterwards nobody could build.
      _ = try models()
      let pending = PendingChange(directory: directory)
      try pending.stage(change)
      try pending.finish { try refreshLocked() }
      return change
    }
  }

  /// The bytes of a result that may stand on a leaderboard.
  /// - Throws: `ResultError.invalid`, `ResultError.otherReferences`.
  package func checked(_ result: EvaluationResult) throws -> Data {
    let path = Self.resultPath(of: result)
    let problems = ResultValidation.problems(in: result)
    guard problems.isEmpty else { throw ResultError.invalid(file: path, problems: problems) }
    try Self.checkComparable(result, at: path)
    return try ResultFile.encode(result)
  }

  /// The bytes of a result that may stand beside it.
  private func checkedBeside(_ result: EvaluationResult) throws -> Data {
    guard result.task.hasOwnReferences else { throw ResultError.otherReferences(file: Self.resultPath(of: result)) }
    try Self.checkPrecision(result, at: Self.path(of: result))
    let problems = ResultValidation.problems(in: result)
    guard problems.isEmpty else { throw ResultError.invalid(file: Self.path(of: result), problems: problems) }
    return try ResultFile.encode(result)
  }

  /// - Throws: `ResultError.noVerdict`, `.otherReferences`, `.otherData`, `.reducedPrecision`.
  private static func checkComparable(_ result: EvaluationResult, at path: String) throws(ResultError) {
    if let reason = result.regime.evidence.notApplied { throw .noVerdict(file: path, reason: reason.sentence) }
    guard result.task.hasOwnReferences else { throw .otherReferences(file: path) }
    if let remark = result.task.dataset.remark { throw .otherData(file: path, remark: remark) }
    try checkPrecision(result, at: path)
  }

  private static func checkPrecision(_ result: EvaluationResult, at path: String) throws(ResultError) {
    guard let device = result.provenance.device, device.precision != Provenance.Device.strictPrecision else { return }
    throw .reducedPrecision(file: path, precision: device.precision)
  }

  /// All results with their external evaluations, by path.
  package func models() throws -> [EvaluatedModel] {
    let evaluated = Set(try externalFolders())
    return try Self.concurrently(try resultPaths()) { path in
      let result = try ResultFile.read(directory.appendingPathComponent(path))
      guard Self.resultPath(of: result) == path else {
        throw ResultError.misplaced(file: path, expected: Self.resultPath(of: result))
      }
      try Self.checkComparable(result, at: path)
      guard result.externalEvaluation == nil else {
        throw ResultError.invalid(
          file: path, problems: ["externalEvaluation belongs into a folder of external evaluations"])
      }
      let hasExternal = evaluated.contains(Self.externalFolder(of: result))
      return EvaluatedModel(result, external: hasExternal ? try externalEvaluations(of: result) : [])
    }
  }

  /// The results that stand beside the leaderboard, by path.
  package func unranked() throws -> [EvaluatedModel] {
    try Self.concurrently(try paths(under: Standing.unranked.folder)) { path in
      let result = try ResultFile.read(directory.appendingPathComponent(path))
      guard Self.path(of: result) == path else {
        throw ResultError.misplaced(file: path, expected: Self.path(of: result))
      }
      return EvaluatedModel(result)
    }
  }

  /// As `map`, on all processors: a result takes milliseconds to read and check.
  /// - Throws: of the errors, that of the first element.
  private static func concurrently<Element: Sendable, Value: Sendable>(
    _ elements: [Element], _ body: @Sendable (Element) throws -> Value
  ) throws -> [Value] {
    let outcomes = Mutex<[Int: Result<Value, any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: elements.count) { index in
      let outcome = Result { try body(elements[index]) }
      outcomes.withLock { $0[index] = outcome }
    }
    let all = outcomes.withLock { $0 }
    return try elements.indices.compactMap { try all[$0]?.get() }
  }

  /// The external evaluations of a result, in the order of their numbers.
  /// - Throws: `ResultError.invalid` for one that is not of this model.
  package func externalEvaluations(of result: EvaluationResult) throws -> [(path: String, result: EvaluationResult)] {
    try externalPaths(of: result).map { path in
      let external = try ResultFile.read(directory.appendingPathComponent(path))
      var problems = external.problems(asEvaluationOf: result)
      if external.externalEvaluation == nil { problems.append("externalEvaluation: is missing; it names who measured") }
      guard problems.isEmpty else { throw ResultError.invalid(file: path, problems: problems) }
      return (path, external)
    }
  }

  private static func externalFolder(of result: EvaluationResult) -> String {
    "results/\(result.task.id)/\(result.model.id).external"
  }

  /// `results/<task>/<model-id>.external/1.json` and so on.
  func externalPaths(of result: EvaluationResult) throws -> [String] {
    let folder = Self.externalFolder(of: result)
    let url = directory.appendingPathComponent(folder)
    guard isFolder(url) else { return [] }
    let names = try contents(of: url)
    // Bounded, so that one more can be counted; a larger one is out of place.
    let numbers = names.compactMap { name in name.hasSuffix(".json") ? Int(name.dropLast(5)) : nil }
      .filter { (1...1_000_000).contains($0) }
    if let stray = names.first(where: { name in !numbers.contains { name == "\($0).json" } }) {
      throw ResultError.misplaced(file: "\(folder)/\(stray)", expected: "\(folder)/\((numbers.max() ?? 0) + 1).json")
    }
    return numbers.sorted().map { "\(folder)/\($0).json" }
  }

  /// `models/<model-id>/model.json` beside the leaderboard's folder, where there is one.
  package func submittedDescription(of model: String) throws -> ModelDescription? {
    guard ResultValidation.isIdentifier(model) else { return nil }
    let url = directory.deletingLastPathComponent().appendingPathComponent("models/\(model)/model.json")
    guard let data = try? Data(contentsOf: url) else { return nil }
    return try JSONDecoding.decode(ModelDescription.self, from: data, source: url.path)
  }

  /// Which of the models have such a description.
  package func submitted(among models: [String]) -> Set<String> {
    // One look at the folder, and not one for each model.
    let folder = directory.deletingLastPathComponent().appendingPathComponent("models")
    let present = Set((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    return Set(models).filter { present.contains($0) && (try? submittedDescription(of: $0)) != nil }
  }

  @discardableResult
  private func refreshLocked() throws -> Bool {
    let data = try build()
    guard (try? Data(contentsOf: documentURL)) != data else { return false }
    try ResultFile.write(data, to: documentURL)
    return true
  }

  /// Runs `body` while no other process does the same on this folder: jobs of a cluster finish at the same moment, and the
  /// last to write `leaderboard.json` must have seen every result. A change that somebody could not finish is finished first.
  func exclusively<Value>(_ body: () throws -> Value) throws -> Value {
    try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let descriptor = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ResultError.unwritable(file: directory.path, reason: String(cString: strerror(errno)))
    }
    // Closing releases the lock. A file system without locks must not keep anybody from building.
    defer { close(descriptor) }
    flock(descriptor, LOCK_EX)
    try PendingChange(directory: directory).finish { try refreshLocked() }
    return try body()
  }

  func resultPaths() throws -> [String] { try paths(under: Standing.ranked.folder) }

  /// All JSON files of the tasks' folders below one, relative to the leaderboard's folder, sorted.
  /// - Throws: `ResultError.unreadable` for a folder that exists and cannot be listed.
  func paths(under folder: String) throws -> [String] {
    let results = directory.appendingPathComponent(folder)
    guard FileManager.default.fileExists(atPath: results.path) else { return [] }
    var paths: [String] = []
    for task in try contents(of: results) where isFolder(results.appendingPathComponent(task)) {
      for file in try contents(of: results.appendingPathComponent(task)) where file.hasSuffix(".json") {
        paths.append("\(folder)/\(task)/\(file)")
      }
    }
    return paths.sorted()
  }

  /// All folders of external evaluations, relative to the leaderboard's folder, sorted.
  func externalFolders() throws -> [String] {
    let results = directory.appendingPathComponent("results")
    guard isFolder(results) else { return [] }
    return try contents(of: results).flatMap { task -> [String] in
      let folder = results.appendingPathComponent(task)
      guard isFolder(folder) else { return [] }
      return try contents(of: folder).filter { $0.hasSuffix(".external") }.map { "results/\(task)/\($0)" }
    }.sorted()
  }

  /// Names of what is in a folder, but for hidden files.
  private func contents(of folder: URL) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
    } catch {
      throw ResultError.unreadable(file: folder.path, reason: error.localizedDescription)
    }
  }

  private func isFolder(_ url: URL) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory.boolValue
  }
}
