import BenchCore
import Tensor

/// Images seen from every component of a mixture: all that log-densities need of them, at any noise level.
struct MixtureProjection {
  /// |x - mean|^2, N x number of components.
  private let energies: Matrix
  /// U (x - mean) of all components one after the other, `[N, sum of factors]`.
  private let coordinates: Tensor
  /// Where each component's coordinates begin.
  private let starts: [Int]

  /// Each image by itself, so that its numbers do not depend on the others.
  /// - Parameter threads: the result does not depend on it.
  init(of images: Tensor, on components: [MixtureComponent], threads: Int) throws {
    let (count, d) = (components.count, components[0].dimension)
    let starts = Self.starts(components)
    let total = starts[count]
    var energies = Matrix(rows: images.batch, columns: count)
    coordinates = try Tensor(shape: [images.batch, total]) { coordinates in
      try images.scalars.withUnsafeBufferPointer { pixels in
        try energies.scalars.withUnsafeMutableBufferPointer { energies in
          guard let pixels = pixels.baseAddress, let energies = energies.baseAddress else { return }
          // An empty buffer has no address, and components without factors write nothing.
          nonisolated(unsafe) let (source, energy, target) = (pixels, energies, coordinates.baseAddress)
          try Workers.forEachBlock(of: images.batch, blockSize: 8, threads: threads) { range, _ in
            var residual = [Float](repeating: 0, count: d)
            // Component by component: all of them may be a thousand times what a processor keeps at hand, the block's images are not.
            for (index, component) in components.enumerated() {
              for image in range {
                energy[image * count + index] = subtract(
                  component.mean, from: source + image * d, count: d, into: &residual)
                guard component.factors > 0, let target else { continue }
                BLAS.multiply(
                  rows: component.factors, columns: d, component.loadings.scalars, residual,
                  into: target + image * total + starts[index])
              }
            }
          }
        }
      }
    }
    self.energies = energies
    self.starts = starts
  }

  /// As it was kept; nil where it is not one of these images.
  init?(_ numbers: [KeptArray], of images: Tensor, on components: [MixtureComponent]) {
    let starts = Self.starts(components)
    guard numbers.count == 2, let energies = numbers[0].doubles, let coordinates = numbers[1].floats,
      energies.rows == images.batch, energies.columns == components.count,
      coordinates.shape == [images.batch, starts[components.count]]
    else { return nil }
    self.energies = energies
    self.coordinates = coordinates
    self.starts = starts
  }

  var numbers: [KeptArray] { [.doubles(energies), .floats(coordinates)] }

  func coordinates(ofImage image: Int, component: Int) -> ArraySlice<Float> {
    let start = image * starts[starts.count - 1]
    return coordinates.scalars[start + starts[component]..<start + starts[component + 1]]
  }

  /// log of weight times density, N x number of components.
  func weightedLogDensities(_ convolved: [ConvolvedComponent]) -> Matrix {
    let count = convolved.count
    let total = starts[count]
    var result = energies
    // A component without factors reads none.
    let scalars = total > 0 ? coordinates.scalars : [0]
    scalars.withUnsafeBufferPointer { scalars in
      result.scalars.withUnsafeMutableBufferPointer { result in
        guard let base = scalars.baseAddress else { return }
        for image in 0..<energies.rows {
          for (index, component) in convolved.enumerated() {
            result[image * count + index] = component.weightedLogDensity(
              energy: result[image * count + index], coordinates: base + image * total + starts[index])
          }
        }
      }
    }
    return result
  }

  private static func starts(_ components: [MixtureComponent]) -> [Int] {
    components.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.factors) }
  }
}
