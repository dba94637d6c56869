import Tensor

/// A weight that PyTorch computes of other tensors at each call, where the file holds all that it is computed of: what the network has in
/// evaluation mode.
struct ComputedWeight {
  private enum Rule {
    /// `torch.nn.utils.weight_norm`, as hook or parametrisation: g v / |v|, the norm over the axes that g has not.
    case weightNormalisation(scale: String, direction: String)
    /// `spectral_norm`, as either: W / (u W v), W as a matrix of its first axis. No step of the power iteration, as in evaluation mode.
    case spectralNormalisation(weight: String, left: String, right: String)
    /// `torch.nn.utils.prune`: weight times mask.
    case pruning(weight: String, mask: String)
  }

  private let rule: Rule
  let shape: [Int]
  /// Of a weight normalisation: the axis that has a norm for each place; nil for one norm of all.
  private let axis: Int?

  var kind: String {
    switch rule {
    case .weightNormalisation: "weight normalisation"
    case .spectralNormalisation: "spectral normalisation"
    case .pruning: "pruning"
    }
  }

  /// Names of the tensors that it is computed of.
  var originals: [String] {
    switch rule {
    case .weightNormalisation(let scale, let direction): [scale, direction]
    case .spectralNormalisation(let weight, let left, let right): [weight, left, right]
    case .pruning(let weight, let mask): [weight, mask]
    }
  }

  /// What writes it out in Python.
  var call: String {
    originals[0].contains(".parametrizations.") || originals[0].hasPrefix("parametrizations.")
      ? "torch.nn.utils.parametrize.remove_parametrizations(module, \"weight\")"
      : "torch.nn.utils.remove_spectral_norm(module, \"weight\")"
  }

  /// Nil where the shapes are not those of the rule. Vectors are left alone: what is normalised has two axes at least.
  private init?(_ rule: Rule, _ shapes: [String: [Int]]) {
    self.rule = rule
    var axis: Int?
    switch rule {
    case .weightNormalisation(let scale, let direction):
      guard let weight = shapes[direction], let scale = shapes[scale],
        scale.isEmpty || scale.count == weight.count && zip(scale, weight).allSatisfy({ $0 == 1 || $0 == $1 }),
        scale.count(where: { $0 != 1 }) <= 1
      else { return nil }
      shape = weight
      axis = scale.firstIndex { $0 != 1 }
    case .spectralNormalisation(let weight, let left, let right):
      guard let weight = shapes[weight], let rows = weight.first, rows > 0, shapes[left] == [rows],
        let columns = shapes[right], columns.count == 1,
        Shape(checking: weight)?.count == Shape(checking: [rows, columns[0]])?.count
      else { return nil }
      shape = weight
    case .pruning(let weight, let mask):
      guard let weight = shapes[weight], shapes[mask] == weight else { return nil }
      shape = weight
    }
    self.axis = axis
    guard shape.count > 1, shape.allSatisfy({ $0 > 0 }), Shape(checking: shape) != nil else { return nil }
  }

  /// All of a checkpoint, by the names of the weights.
  /// - Parameter shapes: of the tensors that are there.
  static func found(in shapes: [String: [Int]]) -> [String: ComputedWeight] {
    var found: [String: ComputedWeight] = [:]
    /// Of a parametrised tensor, such as `conv.parametrizations.weight`: what comes after the name, by the name.
    var parametrised: [String: Set<String>] = [:]
    for name in shapes.keys {
      if let (owner, rest) = parametrisation(name) {
        parametrised[owner, default: []].insert(rest)
        continue
      }
      for ending in ["_g", "_orig"] where name.hasSuffix(ending) {
        let stem = String(name.dropLast(ending.count))
        guard shapes[stem] == nil else { continue }
        let rule: Rule =
          if ending == "_g" {
            .weightNormalisation(scale: name, direction: stem + "_v")
          } else if shapes[stem + "_u"] != nil {
            .spectralNormalisation(weight: name, left: stem + "_u", right: stem + "_v")
          } else {
            .pruning(weight: name, mask: stem + "_mask")
          }
        if let weight = ComputedWeight(rule, shapes) { found[stem] = weight }
      }
    }
    for (owner, rest) in parametrised {
      let rule: Rule
      // Anything besides is another parametrisation, or one after it.
      if rest == ["original0", "original1"] {
        rule = .weightNormalisation(scale: "\(owner).original0", direction: "\(owner).original1")
      } else if rest == ["original", "0._u", "0._v"] {
        rule = .spectralNormalisation(weight: "\(owner).original", left: "\(owner).0._u", right: "\(owner).0._v")
      } else {
        continue
      }
      var parts = owner.split(separator: ".", omittingEmptySubsequences: false)
      parts.remove(at: parts.count - 2)
      let name = parts.joined(separator: ".")
      if shapes[name] == nil, let weight = ComputedWeight(rule, shapes) { found[name] = weight }
    }
    return found
  }

  /// `conv.parametrizations.weight` and `original0` of `conv.parametrizations.weight.original0`.
  private static func parametrisation(_ name: String) -> (owner: String, rest: String)? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard let place = parts.lastIndex(of: "parametrizations"), place + 2 < parts.count else { return nil }
    return (parts[...(place + 1)].joined(separator: "."), parts[(place + 2)...].joined(separator: "."))
  }

  /// - Parameter values: of a tensor, row-major.
  /// - Returns: nil where u and v are not the weight's own: they belong to another axis, or nothing was ever normalised.
  /// - Throws: what `values` throws.
  func values(_ values: (_ name: String) throws -> [Float]) throws -> [Float]? {
    switch rule {
    case .weightNormalisation(let scale, let direction):
      let (scales, weight) = (try values(scale), try values(direction))
      let stride = axis.map { shape[($0 + 1)...].reduce(1, *) } ?? weight.count
      var squares = [Double](repeating: 0, count: scales.count)
      for (index, value) in weight.enumerated() {
        squares[index / stride % scales.count] += Double(value) * Double(value)
      }
      let factors = zip(scales, squares).map { Double($0) / $1.squareRoot() }
      return weight.enumerated().map { Float(Double($0.element) * factors[$0.offset / stride % scales.count]) }
    case .spectralNormalisation(let name, let left, let right):
      let (weight, left, right) = (try values(name), try values(left), try values(right))
      var (sigma, squares) = (0.0, 0.0)
      for row in left.indices {
        var product = 0.0
        for column in right.indices { product += Double(weight[row * right.count + column]) * Double(right[column]) }
        sigma += Double(left[row]) * product
        squares += product * product
      }
      // u is W v of the step before, to a unit's length: 1 but for what the last step of training changed.
      guard sigma > Self.leastLikeness * squares.squareRoot() else { return nil }
      return weight.map { Float(Double($0) / sigma) }
    case .pruning(let weight, let mask):
      return zip(try values(weight), try values(mask)).map { $0 * $1 }
    }
  }

  private static let leastLikeness = 0.5
}
