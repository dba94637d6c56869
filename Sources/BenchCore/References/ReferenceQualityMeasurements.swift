import Foundation
import Tensor

/// How close a learned manifold is to the exact one: principal angles between the tangent spaces at each image.
struct ManifoldQualityMeasurement: Measurement {
  let manifold: any Manifold
  let exact: any Manifold

  func samples(of block: MeasurementBlock) throws -> SampleTable {
    let truth = try exact.tangentBasis(at: block.images)
    var columns = [[Double]](repeating: [], count: ManifoldQualityColumn.allCases.count)
    for image in 0..<block.count {
      let estimated = block.tangentSpace.matrix(ofImage: image)
      let known = truth.matrix(ofImage: image)
      let angles = try principalAngles(estimated, known)
      let inside = angles.reduce(0) { $0 + pow(cos($1 * .pi / 180), 2) }
      let values: [Double] = [
        Double(estimated.rows), angles.isEmpty ? .nan : angles.reduce(0, +) / Double(angles.count), median(angles),
        angles.last ?? .nan, inside / Double(estimated.rows), inside / Double(known.rows),
      ]
      for (index, value) in values.enumerated() { columns[index].append(value) }
    }
    return SampleTable(zip(ManifoldQualityColumn.allCases.map(\.name), columns).map { ($0, $1) })
  }

  func result(from means: ResampledMeans) -> ManifoldQuality {
    func mean(_ column: ManifoldQualityColumn) -> Estimate { means.mean(column.name) }
    return ManifoldQuality(
      exact: exact.id, exactDimension: exact.dimension, dimension: mean(.dimension),
      meanAngleDegrees: mean(.meanAngle), medianAngleDegrees: mean(.medianAngle),
      largestAngleDegrees: mean(.largestAngle), withinShare: mean(.within), coveredShare: mean(.covered))
  }

  private func median(_ ascending: [Double]) -> Double {
    guard !ascending.isEmpty else { return .nan }
    return (ascending[(ascending.count - 1) / 2] + ascending[ascending.count / 2]) / 2
  }
}

/// Columns of the samples, in order.
enum ManifoldQualityColumn: String, CaseIterable {
  case dimension, meanAngle, medianAngle, largestAngle, within, covered

  var name: String {
    switch self {
    case .dimension: "manifold-quality/dimension"
    case .meanAngle: "manifold-quality/mean-angle"
    case .medianAngle: "manifold-quality/median-angle"
    case .largestAngle: "manifold-quality/largest-angle"
    case .within: "manifold-quality/within-share"
    case .covered: "manifold-quality/covered-share"
    }
  }
}

/// How close a learned score is to the exact one, at clean images, where gradients are compared with it, and at images with
/// its noise, which is what a denoiser is trained on.
struct ScoreQualityMeasurement: Measurement {
  let score: any Score
  let exact: any Score
  let noises: [Double]
  let seed: UInt64

  func samples(of block: MeasurementBlock) throws -> SampleTable {
    var table = SampleTable()
    for noise in noises {
      let normals = Tensor.normals(
        RandomStream(seed: seed, name: "score-quality"), range: block.range,
        itemShape: block.images.shape.droppingFirst, scale: noise)
      let noised = Tensor(
        shape: block.images.shape, scalars: zip(block.images.scalars, normals.scalars).map { $0 + $1 })
      for (input, images) in [(ScoreQuality.Input.clean, block.images), (.noised, noised)] {
        let estimated = try score.score(at: images, noise: noise)
        let truth = try exact.score(at: images, noise: noise)
        guard estimated.shape == images.shape, truth.shape == images.shape else {
          throw EvaluationError.wrongOutput(
            what: "score of \(score.id)", expected: images.shape, got: estimated.shape)
        }
        table.append(column("cosine", noise, input), cosineSimilarities(estimated, truth))
        table.append(
          column("relative-error", noise, input),
          (0..<images.batch).map { image in
            let difference = zip(estimated.item(image), truth.item(image)).map { $0 - $1 }
            return (squaredNorm(difference) / squaredNorm(truth.item(image))).squareRoot()
          })
      }
    }
    return table
  }

  func result(from means: ResampledMeans) -> [ScoreQuality] {
    noises.flatMap { noise in
      ScoreQuality.Input.allCases.map { input in
        ScoreQuality(
          exact: exact.id, noise: noise, input: input, cosine: means.mean(column("cosine", noise, input)),
          relativeError: means.mean(column("relative-error", noise, input)))
      }
    }
  }

  private func column(_ quantity: String, _ noise: Double, _ input: ScoreQuality.Input) -> String {
    "score-quality/\(quantity)/\(brief(noise))/\(input.rawValue)"
  }
}

extension TangentBasis {
  fileprivate func matrix(ofImage image: Int) -> Matrix {
    let basis = bases[assignment[image]]
    return Matrix(rows: basis.shape[0], columns: basis.shape[1], scalars: basis.scalars.map(Double.init))
  }
}
