/// Weights that PyTorch computes of other tensors at each call, in another way than `ComputedWeight` knows: the file must hold what comes out.
enum StateDictReparametrisation {
  /// - Throws: `ModelError.reparametrised`.
  static func refuse(in weights: WeightSource) throws {
    let found = weights.names.compactMap { name in kind(name, weights).map { (name, $0) } }
    guard let (name, first) = found.first else { return }
    throw ModelError.reparametrised(
      file: weights.file, tensor: name, count: found.count, kind: first.kind, call: first.call)
  }

  private static func kind(_ name: String, _ weights: WeightSource) -> (kind: String, call: String)? {
    let parts = name.split(separator: ".")
    if let place = parts.firstIndex(of: "parametrizations"), place + 2 < parts.count {
      return (
        "a parametrisation", "torch.nn.utils.parametrize.remove_parametrizations(module, \"\(parts[place + 1])\")"
      )
    }
    func stem(_ ending: String) -> String? {
      guard name.hasSuffix(ending) else { return nil }
      let stem = String(name.dropLast(ending.count))
      return weights.contains(stem) ? nil : stem
    }
    if let stem = stem("_orig") {
      let tensor = stem.split(separator: ".").last.map(String.init) ?? stem
      if weights.contains(stem + "_mask") { return ("pruning", "torch.nn.utils.prune.remove(module, \"\(tensor)\")") }
      if weights.contains(stem + "_u") {
        return ("spectral normalisation", "torch.nn.utils.remove_spectral_norm(module, \"\(tensor)\")")
      }
    }
    if let stem = stem("_g"), weights.contains(stem + "_v") {
      let tensor = stem.split(separator: ".").last.map(String.init) ?? stem
      return ("weight normalisation", "torch.nn.utils.remove_weight_norm(module, \"\(tensor)\")")
    }
    return nil
  }
}
