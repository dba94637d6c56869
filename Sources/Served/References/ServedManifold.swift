import BenchCore
import Tensor

/// Tangent spaces that a program computes: `--manifold program=CMD`. It gives vectors that span them, which are made orthonormal here.
struct ServedManifold: Manifold {
  let reference: ServedReference
  let dimension: Int
  var id: String { reference.id }
  var learned: LearnedReference? { reference.learned }

  func tangentBasis(at images: Tensor) throws -> TangentBasis {
    let count = images.shape.droppingFirst.count
    let vectors = try reference.ask(
      "tangents", [("images", images)],
      answer: ("tangents", images.shape.droppingFirst.prepending(dimension)))
    let bases = try (0..<images.batch).map { image in
      let part = vectors[image * dimension * count..<(image + 1) * dimension * count]
      let basis = try Matrix(rows: dimension, columns: count, scalars: part.map(Double.init)).orthonormalRowBasis()
      return Tensor(shape: [basis.rows, count], scalars: basis.scalars.map(Float.init))
    }
    return TangentBasis(bases: bases, assignment: Array(0..<images.batch))
  }
}
