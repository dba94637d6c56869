/// Tensor names as the network's author wrote them: without what wrappers around the network added.
struct CanonicalNames {
  private(set) var tensors: [StoredTensor]
  private(set) var strippedPrefixes: [String] = []
  private(set) var normalisation: InputNormalisation?
  private(set) var notes: [String] = []

  /// What wrappers put in front of every name: DataParallel, training loops, `torch.compile`.
  private static let prefixes = ["module.", "model.", "net.", "_orig_mod."]

  init(_ tensors: [StoredTensor], file: String) throws(CheckpointError) {
    self.tensors = tensors
    stripSharedPrefixes()
    try liftRobustnessLibrary(file: file)
    stripSharedPrefixes()
    if !strippedPrefixes.isEmpty {
      let list = strippedPrefixes.map { "`\($0)`" }.joined(separator: ", then ")
      notes.append("removed \(list) from the names of all tensors")
    }
  }

  /// Removes a prefix only where every tensor has it and keeps a name.
  private mutating func stripSharedPrefixes() {
    while let prefix = Self.prefixes.first(where: { prefix in
      !tensors.isEmpty && tensors.allSatisfy { $0.name.hasPrefix(prefix) && $0.name.utf8.count > prefix.utf8.count }
    }) {
      tensors = tensors.map { $0.renamed(String($0.name.dropFirst(prefix.count))) }
      strippedPrefixes.append(prefix)
    }
  }

  /// The robustness library (Engstrom et al. 2019) saves its `AttackerModel`: the network as `model.*`, the same
  /// network again as `attacker.model.*`, and one normaliser twice, `normalizer.*` and `attacker.normalize.*`.
  /// Its `InputNormalize` clamps the input to [0, 1] before normalising.
  private mutating func liftRobustnessLibrary(file: String) throws(CheckpointError) {
    let byName = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    let hasNetwork = tensors.contains { $0.name.hasPrefix("model.") }
    let isAttacker = tensors.contains { $0.name.hasPrefix("attacker.model.") }
    let mean = byName["normalizer.new_mean"] ?? byName["attacker.normalize.new_mean"]
    let std = byName["normalizer.new_std"] ?? byName["attacker.normalize.new_std"]
    guard hasNetwork, isAttacker || (mean != nil && std != nil) else { return }

    if let mean, let std { normalisation = try Self.normalisation(mean: mean, std: std, file: file) }
    var differing: [String] = []
    for duplicate in tensors where duplicate.name.hasPrefix("attacker.") {
      let original =
        duplicate.name.hasPrefix("attacker.normalize.")
        ? "normalizer." + duplicate.name.dropFirst("attacker.normalize.".count)
        : String(duplicate.name.dropFirst("attacker.".count))
      if let tensor = byName[original], try !Self.equal(tensor, duplicate) { differing.append(duplicate.name) }
    }
    let dropped = tensors.filter { $0.name.hasPrefix("attacker.") }.count
    tensors = tensors.filter { !$0.name.hasPrefix("attacker.") && !$0.name.hasPrefix("normalizer.") }

    notes.append(
      "robustness-library checkpoint: \(dropped) duplicates under `attacker.` left out"
        + (normalisation.map { ", normalisation mean \($0.mean) std \($0.std) taken from it, input clamped to [0, 1]" }
          ?? ", no normalisation in it"))
    if !differing.isEmpty {
      notes.append(
        "\(differing.count) tensors under `attacker.` differ from the network's own, which were used "
          + "(first: `\(differing[0])`)")
    }
  }

  private static func normalisation(
    mean: StoredTensor, std: StoredTensor, file: String
  ) throws(CheckpointError) -> InputNormalisation {
    for tensor in [mean, std] where tensor.elementCount == 0 || tensor.elementCount > 4096 {
      throw .invalidTensor(
        file: file, tensor: tensor.name, problem: "has shape \(tensor.shape), expected one value per image channel")
    }
    let (means, deviations) = (try mean.floats(), try std.floats())
    guard means.count == deviations.count, means.allSatisfy(\.isFinite),
      deviations.allSatisfy({ $0.isFinite && $0 > 0 })
    else {
      throw .invalidTensor(
        file: file, tensor: std.name,
        problem:
          "and `\(mean.name)` are \(deviations) and \(means), expected as many finite means as positive deviations")
    }
    return InputNormalisation(mean: means, std: deviations, clampsInput: true)
  }

  /// Tensors saved together share their storage, so values rarely need to be looked at.
  private static func equal(_ first: StoredTensor, _ second: StoredTensor) throws(CheckpointError) -> Bool {
    if first.isSameView(as: second) { return true }
    guard first.shape == second.shape, first.dtype == second.dtype else { return false }
    return try first.doubles() == second.doubles()
  }
}
