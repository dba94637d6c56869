import BenchCore
import Foundation
import Tensor

/// The tangent spaces of spheres around the origin: everything orthogonal to the point.
struct SphereManifold: Manifold {
  let id = "sphere-exact"
  let dimension: Int

  /// With u the point's direction and s the sign of its first coordinate, the reflection H = 1 - 2 v v' / v'v of v = u + s e1 takes u to
  /// -s e1; its other rows are orthonormal and orthogonal to u. (v cannot vanish: its first coordinate is at least 1 in size.) At the origin,
  /// where there is no tangent space, u = e1.
  func tangentBasis(at images: Tensor) -> TangentBasis {
    let size = images.stride
    let bases = (0..<images.batch).map { image in
      var v = images.item(image).map(Double.init)
      let length = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if length > 0 { for place in v.indices { v[place] /= length } } else { v[0] = 1 }
      v[0] += v[0] < 0 ? -1 : 1
      let square = v.reduce(0) { $0 + $1 * $1 }
      return Tensor(shape: [size - 1, size]) { output in
        for row in 1..<size {
          let factor = 2 * v[row] / square
          let start = (row - 1) * size
          for column in 0..<size {
            output[start + column] = Float((row == column ? 1 : 0) - factor * v[column])
          }
        }
      }
    }
    return TangentBasis(bases: bases, assignment: Array(0..<images.batch))
  }
}

/// The score of the uniform distribution on concentric spheres, each with the same probability, under Gaussian noise. With n dimensions,
/// m = n / 2 - 1, |x| = t and noise s, up to a constant that is the same for every radius,
///
///     log p(x | r) = -(t^2 + r^2) / (2 s^2) - m log z + log I_m(z),   z = t r / s^2
///
/// because the mean of exp(k u'y) over unit vectors y is proportional to k^-m I_m(k). Its derivative is radial,
///
///     d/dt log p(x | r) = (r I_{m+1}(z) / I_m(z) - t) / s^2
struct SphereScore: Score {
  let id = "sphere-exact"
  let radii: [Double]

  func score(at images: Tensor, noise: Double) -> Tensor {
    Tensor(
      shape: images.shape,
      scalars: (0..<images.batch).flatMap { image -> [Float] in
        let point = images.item(image)
        let length = point.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length > 0 else { return point.map { _ in 0 } }
        let slope = radial(at: length, dimensions: point.count, noise: noise).slope
        return point.map { Float(Double($0) / length * slope) }
      })
  }

  /// log p at a distance from the centre, up to a constant of the noise, and its derivative.
  func radial(at length: Double, dimensions: Int, noise: Double) -> (logDensity: Double, slope: Double) {
    let order = Double(dimensions) / 2 - 1
    let variance = noise * noise
    let parts = radii.map { radius -> (log: Double, slope: Double) in
      let argument = length * radius / variance
      return (
        -(length * length + radius * radius) / (2 * variance) - order * log(argument)
          + BesselI.logarithm(order: order, argument),
        (radius * BesselI.ratio(order: order, argument) - length) / variance
      )
    }
    let largest = parts.map(\.log).max() ?? 0
    let weights = parts.map { exp($0.log - largest) }
    let total = weights.reduce(0, +)
    return (
      largest + log(total / Double(parts.count)), zip(weights, parts).reduce(0) { $0 + $1.0 * $1.1.slope } / total
    )
  }
}

/// Modified Bessel functions of the first kind, of large order.
enum BesselI {
  /// log I_m(x), x > 0, by Debye's expansion (DLMF 10.41.3), whose next term is below 1e-9 from order 100 on.
  static func logarithm(order: Double, _ argument: Double) -> Double {
    let t = argument / order
    let root = (1 + t * t).squareRoot()
    let p = 1 / root
    let q = p * p
    let first = p * (3 - 5 * q) / 24
    let second = q * (81 - q * (462 - 385 * q)) / 1152
    let third = p * q * (30375 - q * (369_603 - q * (765_765 - 425_425 * q))) / 414_720
    let sum = 1 + (first + (second + third / order) / order) / order
    return order * (root + log(t / (1 + root))) - 0.5 * log(2 * .pi * order) - 0.5 * log(root) + log(sum)
  }

  /// I_{m+1}(x) / I_m(x) by the recurrence R_m = 1 / (2 (m + 1) / x + R_{m+1}) from far above, where it begins with Amos' bound
  /// x / (m + 3/2 + sqrt((m + 3/2)^2 + x^2)): each step multiplies the error by R^2 < 1.
  static func ratio(order: Double, _ argument: Double) -> Double {
    let steps = 4000
    let last = order + Double(steps)
    var ratio = argument / (last + 1.5 + ((last + 1.5) * (last + 1.5) + argument * argument).squareRoot())
    for step in stride(from: steps - 1, through: 0, by: -1) {
      ratio = 1 / (2 * (order + Double(step) + 1) / argument + ratio)
    }
    return ratio
  }
}
