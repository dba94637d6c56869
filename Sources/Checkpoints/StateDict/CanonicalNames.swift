/// Tensor names as the network's author wrote them: without what wrappers around the network added. What is not the network's,
/// such as the normalisation of its pixels, is taken out.
struct CanonicalNames {
  private(set) var tensors: [StoredTensor]
  private(set) var strippedPrefixes: [String] = []
  private(set) var normalisation: InputNormalisation?
  private(set) var notes: [String] = []
  /// What each of `tensors` is called in the file.
  private(set) var origins: [String]

  /// What wrappers put in front of every name: DataParallel, training loops, `torch.compile`, Opacus, FSDP.
  private static let prefixes = ["module.", "model.", "net.", "_orig_mod.", "backbone.", "network."] + wrappers
  private static let wrappers = ["_module.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module."]

  /// Modules that only hand on to the one that they wrap, wherever they stand.
  static let wrapperComponents: Set<Substring> = [
    "module", "_module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
  ]

  /// What is saved with a network but is not part of it.
  private static let lossComponents: Set<Substring> = [
    "criterion", "criterions", "loss", "losses", "loss_fn", "loss_func", "loss_function", "metric", "metrics",
    "train_metrics", "val_metrics", "test_metrics",
  ]

  init(_ tensors: [StoredTensor], file: String) throws(CheckpointError) {
    self.tensors = tensors
    origins = tensors.map(\.name)
    stripSharedPrefixes()
    try liftRobustnessLibrary(file: file)
    var before: [String] = []
    // Each round shortens names or leaves tensors out, so there is a last one.
    while before != self.tensors.map(\.name) {
      before = self.tensors.map(\.name)
      removeWrapperComponents()
      try liftNormalisation(file: file)
      leaveOutCompanions()
      stripSharedPrefixes()
    }
    if !strippedPrefixes.isEmpty {
      let list = strippedPrefixes.map { "`\($0)`" }.joined(separator: ", then ")
      notes.append("removed \(list) from the names of all tensors")
    }
    stripPrefixOfMost()
  }

  /// The modules with the names that their tensors have here; those without tensors keep theirs.
  func renamed(_ modules: [ModuleRecord]) -> [ModuleRecord] {
    func module(_ name: String) -> String { name.split(separator: ".").dropLast().joined(separator: ".") }
    let names = Dictionary(zip(origins, tensors).map { (module($0), module($1.name)) }) { first, _ in first }
    return modules.map { record in names[record.name].map { record.renamed($0) } ?? record }
  }

  private mutating func rename(_ change: (String) -> String) {
    tensors = tensors.map { tensor in
      let name = change(tensor.name)
      return name == tensor.name ? tensor : tensor.renamed(name)
    }
  }

  private mutating func leaveOut(_ isLeftOut: (StoredTensor) -> Bool) {
    let kept = tensors.indices.filter { !isLeftOut(tensors[$0]) }
    (tensors, origins) = (kept.map { tensors[$0] }, kept.map { origins[$0] })
  }

  /// Removes a prefix only where every tensor has it and keeps a name.
  private mutating func stripSharedPrefixes() {
    while let prefix = Self.prefixes.first(where: { isShared($0) }) ?? sharedModule() {
      rename { String($0.dropFirst(prefix.count)) }
      strippedPrefixes.append(prefix)
    }
  }

  private func isShared(_ prefix: String) -> Bool {
    !tensors.isEmpty && tensors.allSatisfy { $0.name.hasPrefix(prefix) && $0.name.utf8.count > prefix.utf8.count }
  }

  /// A module of any name that holds all others: what remains must still be the names of several modules, so that a network
  /// of one layer keeps its name.
  private func sharedModule() -> String? {
    guard let first = tensors.first?.name.split(separator: ".").first else { return nil }
    let prefix = String(first) + "."
    guard isShared(prefix) else { return nil }
    let rest = tensors.map { $0.name.dropFirst(prefix.count).split(separator: ".") }
    return rest.allSatisfy { $0.count > 1 } && Set(rest.map { $0[0] }).count > 1 ? prefix : nil
  }

  /// Wrappers inside names, as where blocks are compiled or distributed one by one.
  private mutating func removeWrapperComponents() {
    func shorter(_ name: String) -> String {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      return (parts.dropLast().filter { !Self.wrapperComponents.contains($0) } + parts.suffix(1)).joined(separator: ".")
    }
    let names = tensors.map { shorter($0.name) }
    let changed = zip(names, tensors).filter { $0 != $1.name }
    guard !changed.isEmpty, Set(names).count == names.count else { return }
    let removed = Self.wrapperComponents.filter { wrapper in
      changed.contains { $1.name.split(separator: ".").dropLast().contains(wrapper) }
    }
    rename(shorter)
    notes.append(
      "removed \(removed.sorted().map { "`\($0).`" }.joined(separator: ", ")) from \(changed.count) names, where it stood "
        + "inside or in front of some")
  }

  /// A mean and a deviation of each channel, wherever they stand: `mean` and `std`, `mu` and `sigma`, `normalize.mean`, ...
  /// Several that differ are left where they are: which of them is of the pixels nobody can tell.
  private mutating func liftNormalisation(file: String) throws(CheckpointError) {
    let byName = Dictionary(tensors.map { ($0.name, $0) }) { first, _ in first }
    var found: [InputNormalisation] = []
    var names: [String] = []
    for mean in tensors {
      for partner in InputNormalisation.deviations(ofMean: mean.name) {
        guard let std = byName[partner], Self.areOfChannels(mean, std, in: byName) else { continue }
        found.append(try Self.normalisation(mean: mean, std: std, clampsInput: false, file: file))
        names += [mean.name, std.name]
        break
      }
    }
    guard let first = found.first, found.allSatisfy({ $0 == first }) else { return }
    if let normalisation {
      // Of the robustness library's own, which the network then applies to what this one has made.
      guard normalisation.mean == first.mean, normalisation.std == first.std else { return }
    } else {
      normalisation = first
    }
    let set = Set(names)
    leaveOut { set.contains($0.name) }
    notes.append(
      "normalisation mean \(first.mean) std \(first.std) taken from the file's own tensors "
        + names.map { "`\($0)`" }.joined(separator: ", "))
  }

  /// One number or one of each channel, and not beside a weight, as in a normalisation inside the network.
  private static func areOfChannels(
    _ mean: StoredTensor, _ std: StoredTensor, in tensors: [String: StoredTensor]
  ) -> Bool {
    let arePerChannel = [mean, std].allSatisfy { tensor in
      (1...4).contains(tensor.elementCount) && (tensor.shape.max() ?? 1) == tensor.elementCount
    }
    let module = mean.name.split(separator: ".").dropLast().joined(separator: ".")
    return arePerChannel && mean.elementCount == std.elementCount
      && (module.isEmpty || tensors[module + ".weight"] == nil)
  }

  /// The count of averaged weights, and what belongs to a loss.
  private mutating func leaveOutCompanions() {
    func isCount(_ tensor: StoredTensor) -> Bool { tensor.name.hasSuffix("n_averaged") && tensor.elementCount == 1 }
    func isOfLoss(_ tensor: StoredTensor) -> Bool {
      tensor.name.split(separator: ".").first.map { Self.lossComponents.contains($0) } ?? false
    }
    if tensors.contains(where: isCount), !tensors.allSatisfy(isCount) {
      leaveOut(isCount)
      notes.append("averaged weights, as `n_averaged` says, which AveragedModel saves with them")
    }
    func isStepCount(_ tensor: StoredTensor) -> Bool { tensor.name == "steps" && tensor.elementCount == 1 }
    if tensors.contains(where: isStepCount), !tensors.allSatisfy(isStepCount) {
      leaveOut(isStepCount)
      notes.append("left out the counter `steps`, which MMEngine saves with averages")
    }
    let loss = tensors.filter(isOfLoss).map(\.name)
    if !loss.isEmpty, loss.count < tensors.count {
      leaveOut(isOfLoss)
      notes.append(
        "left out as parts of a loss or metric: " + loss.prefix(4).map { "`\($0)`" }.joined(separator: ", ")
          + (loss.count > 4 ? ", and \(loss.count - 4) more" : ""))
    }
  }

  /// A prefix that all but a few have. Those few stay, as tensors that no layer uses.
  private mutating func stripPrefixOfMost() {
    guard
      let prefix = Self.prefixes.first(where: { prefix in
        let count = tensors.count { $0.name.hasPrefix(prefix) && $0.name.utf8.count > prefix.utf8.count }
        return count >= 8 && count < tensors.count && (tensors.count - count) * 10 <= tensors.count
      })
    else { return }
    let names = tensors.map { $0.name.hasPrefix(prefix) ? String($0.name.dropFirst(prefix.count)) : $0.name }
    guard Set(names).count == names.count else { return }
    let others = tensors.filter { !$0.name.hasPrefix(prefix) }.map { "`\($0.name)`" }
    rename { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
    notes.append(
      "removed `\(prefix)` from \(names.count - others.count) of \(names.count) names; without it are "
        + others.prefix(4).joined(separator: ", ") + (others.count > 4 ? ", ..." : ""))
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

    if let mean, let std { normalisation = try Self.normalisation(mean: mean, std: std, clampsInput: true, file: file) }
    var differing: [String] = []
    for duplicate in tensors where duplicate.name.hasPrefix("attacker.") {
      let original =
        duplicate.name.hasPrefix("attacker.normalize.")
        ? "normalizer." + duplicate.name.dropFirst("attacker.normalize.".count)
        : String(duplicate.name.dropFirst("attacker.".count))
      if let tensor = byName[original], try !Self.equal(tensor, duplicate) { differing.append(duplicate.name) }
    }
    let dropped = tensors.filter { $0.name.hasPrefix("attacker.") }.count
    leaveOut { $0.name.hasPrefix("attacker.") || $0.name.hasPrefix("normalizer.") }

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
    mean: StoredTensor, std: StoredTensor, clampsInput: Bool, file: String
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
    return InputNormalisation(mean: means, std: deviations, clampsInput: clampsInput)
  }

  /// Tensors saved together share their storage, so values rarely need to be looked at.
  private static func equal(_ first: StoredTensor, _ second: StoredTensor) throws(CheckpointError) -> Bool {
    if first.isSameView(as: second) { return true }
    guard first.shape == second.shape, first.dtype == second.dtype else { return false }
    return try first.doubles() == second.doubles()
  }
}
