import Images
import Tensor

/// How a task whose images are too large for any model of their score compares gradients with one: the paper's way for ImageNet (figure 4).
///
/// A gradient at the image is divided by its largest absolute value, then scaled down, and compared with the score at the image scaled down.
public struct ScoreComparison: Sendable, Equatable {
  /// `[C, H, W]` that both are scaled down to: bilinearly, antialiased, as `torchvision.transforms.Resize` does by default since its version
  /// 0.17.
  public var shape: Shape
  /// Whether a score that is conditional on a class is asked for that of the image's label, as the paper does; otherwise it is the score of
  /// all images.
  public var ofTrueClass: Bool

  public init(shape: Shape, ofTrueClass: Bool) {
    self.shape = shape
    self.ofTrueClass = ofTrueClass
  }

  /// - Parameter maps: `[N, C, H', W']`.
  package func scaled(_ maps: Tensor) -> Tensor { maps.resampled(height: shape[1], width: shape[2]) }
}

/// A score of images that are smaller than the task's.
public struct ScaledScore: Sendable {
  public let base: any Score
  public let comparison: ScoreComparison

  public init(_ base: any Score, _ comparison: ScoreComparison) {
    self.base = base
    self.comparison = comparison
  }

  /// Whether it is asked for the image's own class.
  public var isOfTrueClass: Bool { comparison.ofTrueClass && base is any ClassConditionalScore }

  /// - Parameters:
  ///   - images: of the task's size.
  ///   - labels: their classes.
  /// - Returns: `[N, C, H, W]` of the smaller size.
  /// - Throws: what the score throws.
  func score(at images: Tensor, labels: [Int], noise: Double) throws -> Tensor {
    let small = comparison.scaled(images)
    guard comparison.ofTrueClass, let conditional = base as? any ClassConditionalScore else {
      return try base.score(at: small, noise: noise)
    }
    return try conditional.score(ofClasses: labels, at: small, noise: noise)
  }
}

extension Tensor {
  /// Maps `[N, C, H, W]` brought to another height and width bilinearly, antialiased where they shrink: rows, then columns.
  func resampled(height: Int, width: Int) -> Tensor {
    precondition(shape.rank == 4, "maps are [N, C, H, W], not \(shape)")
    let columns = ResamplingWindow.all(from: shape[3], to: width)
    let rows = ResamplingWindow.all(from: shape[2], to: height)
    let (planes, lines, side) = (shape[0] * shape[1], shape[2], shape[3])
    return Tensor(shape: [shape[0], shape[1], height, width]) { output in
      scalars.withUnsafeBufferPointer { input in
        var narrow = [Double](repeating: 0, count: lines * width)
        for plane in 0..<planes {
          for line in 0..<lines {
            let start = (plane * lines + line) * side
            for (column, window) in columns.enumerated() {
              narrow[line * width + column] = window.weights.enumerated().reduce(0) {
                $0 + $1.element * Double(input[start + window.start + $1.offset])
              }
            }
          }
          for (row, window) in rows.enumerated() {
            for column in 0..<width {
              output[(plane * height + row) * width + column] = Float(
                window.weights.enumerated().reduce(0) {
                  $0 + $1.element * narrow[(window.start + $1.offset) * width + column]
                })
            }
          }
        }
      }
    }
  }
}
