import BenchCore
import Foundation
import Tensor

/// The structural similarity index (Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
/// structural similarity", IEEE Transactions on Image Processing 13, 2004, equation 13), in [-1, 1], 1 for equal images.
///
/// With means, variances and covariance under a window at a pixel,
///
///     SSIM = (2 m_a m_b + C1) (2 s_ab + C2) / ((m_a^2 + m_b^2 + C1) (s_a^2 + s_b^2 + C2))
///     C1 = (0.01 L)^2, C2 = (0.03 L)^2
///
/// The window is the paper's: 11 x 11 weights of a Gaussian with standard deviation 1.5 that sum to 1, and variances without
/// Bessel's correction. Only windows that lie inside count; their mean is taken, then the mean over channels. L = 2, the range of
/// images in [-1, 1]. scikit-image's `structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
/// data_range=2, channel_axis=0)` is the same number.
struct SSIM: AlignmentMetric {
  let id = SSIMPlugin.id
  let properties = MetricProperties(isScaleInvariant: false, isDefinedAtZero: true, smallestSide: SSIM.window)

  static let window = 11
  private static let deviation = 1.5
  private static let range = 2.0
  private static let luminance = (0.01 * range) * (0.01 * range)
  private static let contrast = (0.03 * range) * (0.03 * range)

  private static let weights: [Double] = {
    let weights = (0..<window).map { place in
      let distance = Double(place - window / 2)
      return exp(-0.5 * distance * distance / (deviation * deviation))
    }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }()

  func compare(_ gradients: Tensor, _ references: Tensor) throws -> [Double] {
    let shape = gradients.shape
    guard shape.rank == 4, references.shape == shape, min(shape[2], shape[3]) >= Self.window else {
      throw EvaluationError.invalidConfiguration(
        option: "metric \(id)",
        expected: "two tensors [N, C, H, W] of one shape, \(Self.window) pixels high and wide at least",
        got: "\(shape) and \(references.shape)")
    }
    let (height, width) = (shape[2], shape[3])
    return (0..<gradients.batch).map { image in
      let (first, second) = (gradients.item(image).map(Double.init), references.item(image).map(Double.init))
      var sum = 0.0
      for channel in 0..<shape[1] {
        let plane = channel * height * width..<(channel + 1) * height * width
        sum += Self.similarity(first[plane], second[plane], width: width)
      }
      return sum / Double(shape[1])
    }
  }

  /// The mean over the windows of one channel.
  private static func similarity(_ first: ArraySlice<Double>, _ second: ArraySlice<Double>, width: Int) -> Double {
    func mean(_ value: (Double, Double) -> Double) -> [Double] {
      windowMeans(zip(first, second).map(value), width: width)
    }
    let (means, otherMeans) = (mean { a, _ in a }, mean { _, b in b })
    let (squares, otherSquares, products) = (mean { a, _ in a * a }, mean { _, b in b * b }, mean { $0 * $1 })
    var sum = 0.0
    for place in means.indices {
      let (a, b) = (means[place], otherMeans[place])
      let (variance, otherVariance) = (squares[place] - a * a, otherSquares[place] - b * b)
      let covariance = products[place] - a * b
      sum +=
        (2 * a * b + luminance) * (2 * covariance + contrast)
        / ((a * a + b * b + luminance) * (variance + otherVariance + contrast))
    }
    return sum / Double(means.count)
  }

  /// Weighted means under the windows that lie inside, row by row.
  private static func windowMeans(_ plane: [Double], width: Int) -> [Double] {
    let (height, columns) = (plane.count / width, width - window + 1)
    var rows = [Double](repeating: 0, count: height * columns)
    for row in 0..<height {
      for column in 0..<columns {
        var sum = 0.0
        for place in 0..<window { sum += weights[place] * plane[row * width + column + place] }
        rows[row * columns + column] = sum
      }
    }
    var means = [Double](repeating: 0, count: (height - window + 1) * columns)
    for position in means.indices {
      var sum = 0.0
      for place in 0..<window { sum += weights[place] * rows[position + place * columns] }
      means[position] = sum
    }
    return means
  }
}

/// `--metric ssim`.
package enum SSIMPlugin: MetricPlugin {
  package static let id = "ssim"
  package static let summary =
    "structural similarity by Gaussian windows, of images of 11 x 11 pixels at least; no weights"
  package static let files: [ReferenceFileRole] = []

  package static func load(_ files: [ReferenceFile], _ options: ReferenceOptions) throws -> any AlignmentMetric {
    try check(count: files.count)
    return SSIM()
  }
}
