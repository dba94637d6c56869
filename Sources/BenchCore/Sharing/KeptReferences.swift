import Tensor

/// A manifold that keeps its tangent spaces for the next model.
struct KeptManifold: Manifold {
  let base: any Manifold
  /// The base's.
  let owner: String
  let shared: SharedArrays

  var id: String { base.id }
  var dimension: Int { base.dimension }
  var learned: LearnedReference? { base.learned }
  var fingerprint: String? { owner }
  func sharing(_ numbers: SharedArrays) -> any Manifold { base.sharing(numbers) }

  func tangentBasis(at images: Tensor) throws -> TangentBasis {
    let numbers = try shared.arrays(
      "tangent", of: [owner], at: images, reuse: .later, isValid: { basis($0, at: images) != nil }
    ) {
      let basis = try base.tangentBasis(at: images)
      return basis.bases.map(KeptArray.floats)
        + [.doubles(Matrix(rows: 1, columns: images.batch, scalars: basis.assignment.map(Double.init)))]
    }
    guard let basis = basis(numbers, at: images) else { preconditionFailure("checked when they were found") }
    return basis
  }

  private func basis(_ numbers: [KeptArray], at images: Tensor) -> TangentBasis? {
    let bases = numbers.dropLast().compactMap(\.floats)
    guard bases.count == numbers.count - 1, bases.allSatisfy({ $0.shape.rank == 2 && $0.shape[1] == images.stride }),
      let assignment = numbers.last?.doubles, assignment.scalars.count == images.batch
    else { return nil }
    let indices = assignment.scalars.compactMap { Int(exactly: $0) }.filter(bases.indices.contains)
    return indices.count == images.batch ? TangentBasis(bases: bases, assignment: indices) : nil
  }
}

/// A score that keeps its values for the next model.
struct KeptScore: Score {
  let base: any Score
  /// The fingerprint of what the score is of.
  let owner: String
  let shared: SharedArrays

  var id: String { base.id }
  var learned: LearnedReference? { base.learned }
  var fingerprint: String? { owner }
  func sharing(_ numbers: SharedArrays) -> any Score { base.sharing(numbers) }

  func score(at images: Tensor, noise: Double) throws -> Tensor {
    let numbers = try shared.arrays(
      "score", of: [owner, "\(noise)"], at: images, reuse: .later,
      isValid: { $0.count == 1 && $0[0].floats?.shape == images.shape }
    ) { [.floats(try base.score(at: images, noise: noise))] }
    guard let score = numbers[0].floats else { preconditionFailure("checked when it was found") }
    return score
  }
}
