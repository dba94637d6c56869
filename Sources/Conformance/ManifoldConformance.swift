import BenchCore
import Tensor

/// Checks of any `Manifold`.
public enum ManifoldConformance {
  /// Largest entry of B B' - I. Rows are stored in float32 and have norm 1, so rounding makes about 1e-7.
  private static let orthonormalityTolerance = 1e-5
  /// Of the vector's length: two float32 products.
  private static let projectionTolerance = 1e-5

  /// - Parameter images: `[N, C, H, W]`, at least one.
  /// - Returns: what is wrong, empty where nothing is.
  public static func problems(_ manifold: any Manifold, images: Tensor, seed: UInt64 = 1) -> [ConformanceProblem] {
    var report = ConformanceReport("manifold \(manifold.id)")
    report.requireIdentifier(manifold.id)
    let d = images.stride
    report.require(
      (0...d).contains(manifold.dimension), .declaration,
      "dimension \(manifold.dimension) is not between 0 and \(d), the number of pixels")
    guard let basis = report.attempt("tangent basis", { try manifold.tangentBasis(at: images) }),
      report.require(
        basis.assignment.count == images.batch, .shape,
        "\(images.batch) images have \(basis.assignment.count) tangent spaces")
    else { return report.problems }
    checkBases(basis, manifold.dimension, d, &report)
    if report.problems.allSatisfy({ $0.requirement != .shape }) { checkProjection(basis, images, seed, &report) }
    ImagewiseCheck(what: "tangent bases", count: images.batch) { indices in
      let basis = try manifold.tangentBasis(at: images.selecting(indices))
      return basis.assignment.map { index in
        let rows = basis.bases[index]
        return ImageNumbers(results: [rows.shape.dimensions.map(Double.init), rows.scalars.map(Double.init)])
      }
    }.run(into: &report)
    return report.problems
  }

  private static func checkBases(
    _ basis: TangentBasis, _ dimension: Int, _ d: Int, _ report: inout ConformanceReport
  ) {
    for index in Set(basis.assignment).sorted() {
      let rows = basis.bases[index]
      let k = rows.shape[0]
      guard report.require(rows.shape[1] == d, .shape, "basis \(index) has shape \(rows.shape), expected [k, \(d)]")
      else { continue }
      report.require(
        k <= dimension, .declaration, "basis \(index) has \(k) rows, but the manifold says dimension \(dimension)")
      report.requireFinite(rows, "basis \(index)")
      let matrix = Matrix(rows: k, columns: d, scalars: rows.scalars.map(Double.init))
      let gram = matrix.times(matrix, transposingOther: true) - Matrix.identity(k)
      let largest = gram.scalars.reduce(0) { max($0, $1.isNaN ? .infinity : abs($1)) }
      report.require(
        largest <= orthonormalityTolerance, .orthonormality,
        "basis \(index) times its transpose differs from the identity by \(largest)")
    }
  }

  private static func checkProjection(
    _ basis: TangentBasis, _ images: Tensor, _ seed: UInt64, _ report: inout ConformanceReport
  ) {
    let stream = RandomStream(seed: seed, name: "conformance-vectors")
    let vectors = Tensor(
      shape: images.shape,
      scalars: (0..<images.batch).flatMap { stream.normals(item: $0, count: images.stride).map(Float.init) })
    let once = basis.projection(of: vectors)
    let twice = basis.projection(of: once)
    var (change, overlap) = (0.0, 0.0)
    for image in 0..<images.batch {
      func product(_ first: some Sequence<Float>, _ second: some Sequence<Float>) -> Double {
        zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      let squares = product(vectors.item(image), vectors.item(image))
      let step = zip(once.item(image), twice.item(image)).map { $0 - $1 }
      let rest = zip(vectors.item(image), once.item(image)).map { $0 - $1 }
      change = max(change, (product(step, step) / squares).squareRoot())
      overlap = max(overlap, abs(product(once.item(image), rest)) / squares)
    }
    report.require(
      change <= projectionTolerance, .projection, "projecting again moves a vector by \(change) of its length")
    report.require(
      overlap <= projectionTolerance, .projection,
      "the projection of a vector and its rest have inner product \(overlap) times its squared length")
  }
}
