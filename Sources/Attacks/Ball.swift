import BenchCore
import Foundation

/// The images within a radius of one image, clipped to what pixels can be.
///
/// Float32 rounds an attacked image by up to 6e-8 of a pixel of [0, 1], so images are projected into a ball that is smaller by
/// 1e-5 and this much: what is written never lies outside the radius that is said.
package struct Ball {
  package let norm: AttackNorm
  package let centre: [Float]
  package let radius: Double
  package let range: ClosedRange<Float>?

  package init(norm: AttackNorm, centre: [Float], radius: Double, range: ClosedRange<Float>?) {
    self.norm = norm
    self.centre = centre
    self.radius = radius
    self.range = range
  }

  private var inner: Double { max(radius / 2, radius * (1 - 1e-5) - 6e-8) }

  /// The nearest image of the ball. Clipping brings every pixel nearer to the centre's, which lies in the range, so that the order
  /// does not matter.
  func project(_ image: [Float]) -> [Float] {
    var result = image
    switch norm {
    case .linf:
      let bound = Float(inner)
      for pixel in result.indices {
        result[pixel] = min(max(result[pixel], centre[pixel] - bound), centre[pixel] + bound)
      }
    case .l2:
      let length = norm.length(from: centre, to: image)
      if length > inner {
        let scale = Float(inner / length)
        for pixel in result.indices {
          result[pixel] = centre[pixel] + scale * (image[pixel] - centre[pixel])
        }
      }
    case .spatial: break
    }
    clip(&result)
    return result
  }

  package func clip(_ image: inout [Float]) {
    guard let range else { return }
    for pixel in image.indices {
      image[pixel] = min(max(image[pixel], range.lowerBound), range.upperBound)
    }
  }

  /// A step of length `length` along `direction`: of its signs, or of the direction brought to unit length. Zero stays where it is.
  package func step(_ image: [Float], along direction: [Float], length: Double) -> [Float] {
    var moved = image
    switch norm {
    case .linf:
      let step = Float(length)
      for pixel in moved.indices where direction[pixel] != 0 {
        moved[pixel] += direction[pixel] > 0 ? step : -step
      }
    case .l2, .spatial:
      let size = direction.euclideanLength
      guard size > 0 else { return project(moved) }
      // Not the ratio, which could overflow where a gradient is tiny.
      for pixel in moved.indices {
        moved[pixel] += Float(length * (Double(direction[pixel]) / size))
      }
    }
    return project(moved)
  }

  /// A random image of it: uniform in the box, or uniform in the ball (direction uniform, length the n-th root of a uniform number).
  func random(_ images: AttackedImages, _ purpose: String, place: Int) -> [Float] {
    let count = centre.count
    var image = centre
    switch norm {
    case .linf:
      let draws = images.random(purpose).uniforms(item: place, count: count)
      for pixel in 0..<count { image[pixel] += Float(radius * (2 * draws[pixel] - 1)) }
    case .l2, .spatial:
      let draws = images.random(purpose).normals(item: place, count: count)
      let length = draws.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let share = pow(
        images.random(purpose + " length").uniforms(item: place, count: 1)[0], 1 / Double(count))
      guard length > 0 else { return image }
      for pixel in 0..<count { image[pixel] += Float(radius * share * draws[pixel] / length) }
    }
    return project(image)
  }
}

extension AttackNorm {
  /// The size of the change from one image to another.
  package func length(from clean: [Float], to image: [Float]) -> Double {
    switch self {
    case .linf:
      var largest = 0.0
      for pixel in clean.indices {
        largest = max(largest, abs(Double(image[pixel]) - Double(clean[pixel])))
      }
      return largest
    case .l2, .spatial:
      var sum = 0.0
      for pixel in clean.indices {
        let change = Double(image[pixel]) - Double(clean[pixel])
        sum += change * change
      }
      return sum.squareRoot()
    }
  }
}

extension [Float] {
  var euclideanLength: Double { reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
}
