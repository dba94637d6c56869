import BenchCore
import Checkpoints
import JSON

extension DiffusionModel {
  /// A snapshot of NVlabs/edm (Karras et al. 2022) or edm2 (2024), or the state dict of the former.
  /// - Parameters:
  ///   - description: of a state dict, what it does not say itself; nil mostly.
  ///   - threads: results do not depend on it.
  /// - Throws: `DiffusionError`, `CheckpointError`, `GraphError`, `ModelError.memory`, `JSONError`.
  package init(edm checkpoint: CheckpointFile, _ description: ModelDescription?, threads: Int) throws {
    try Self.checkKind(checkpoint, description)
    let modules = try Self.modules(checkpoint, description)
    let preconditioning = try EDMPreconditioning(modules)
    let outermost = try modules.className(
      DiffusionModules.preconditioner, among: DiffusionModules.outermostClasses)
    let isSecond = outermost == EDMPreconditioning.secondClass
    let network: any DiffusionNetwork = isSecond ? try MagnitudeUNet(modules) : try DiffusionUNet(modules)
    let kind =
      isSecond
      ? "UNet, EDM2"
      : try modules.className(DiffusionModules.network, among: ["SongUNet", "DhariwalUNet"]) + ", " + outermost
    let learned = LearnedReference(
      id: description?.id ?? Self.identifier(checkpoint.name),
      name: description?.name ?? kind + (modules.isStateDict ? ", state dict" : ""),
      checkpoint: Self.record(of: checkpoint),
      parameters: modules.parameterCount)
    try self.init(
      Parts(
        file: checkpoint.name, network: network, preconditioning: preconditioning, learned: learned,
        fingerprint: "edm 1 " + checkpoint.sha256 + (try Self.told(description))), threads: threads)
  }

  /// What a file says of its networks, with one answer to everything that is none of ours.
  private static func modules(_ checkpoint: CheckpointFile, _ description: ModelDescription?) throws -> DiffusionModules
  {
    do {
      return try DiffusionModules(
        CheckpointReader.stateDict(of: checkpoint, choosing: choice(description)), description)
    } catch let error as CheckpointError {
      switch error {
      case .noStateDict(_, let found): throw DiffusionError.notASnapshot(file: checkpoint.name, found: found)
      case .severalStateDicts(_, let places, _):
        let list = places.prefix(8).map { "`\($0)`" }.joined(separator: ", ")
        throw DiffusionError.notASnapshot(
          file: checkpoint.name, found: "the file holds several networks, \(list), none of them `ema`")
      default: throw error
      }
    }
  }

  // MARK: - For every file with a description beside it

  /// - Throws: `ReferenceError.otherKind` for a description of something else.
  static func checkKind(_ checkpoint: CheckpointFile, _ description: ModelDescription?) throws {
    guard let kind = description?.kind else { return }
    throw ReferenceError.otherKind(
      file: checkpoint.name, expected: "diffusion model (whose description has no `kind`)", got: kind.rawValue,
      use: kind.use)
  }

  static func choice(_ description: ModelDescription?) -> WeightsChoice {
    WeightsChoice(key: description?.checkpoint?.weights, member: description?.checkpoint?.member)
  }

  /// What a description says, for fingerprints.
  static func told(_ description: ModelDescription?) throws -> String {
    try description.map { String(decoding: try JSONEncoding.encodeCompact($0), as: UTF8.self) } ?? ""
  }

  /// A name for results from that of the file, such as `edm-cifar10-32x32-uncond-vp`.
  static func identifier(_ file: String) -> String {
    let stem = file.split(separator: ".").dropLast().joined(separator: ".").lowercased()
    let name = stem.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" }
    let trimmed = String(name.drop { "._-".contains($0) }.prefix(100))
    return trimmed.isEmpty ? "edm" : trimmed
  }

  static func record(of checkpoint: CheckpointFile) -> ModelRecord.Checkpoint {
    ModelRecord.Checkpoint(
      file: checkpoint.name, sha256: checkpoint.sha256, bytes: checkpoint.byteCount,
      format: FileProbe(checkpoint).format?.rawValue ?? "unknown")
  }
}
