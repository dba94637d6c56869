import Foundation
import Graph
import Tensor

/// `MPConv` of NVlabs/edm2: a convolution or linear layer without bias, whose rows are brought to unit length when it is used, so that
/// its outputs are as large as its inputs. Here that is done once, in double precision, together with constant factors beside it.
struct MagnitudeLayer: Sendable {
  let name: String
  let inputs: Int
  let outputs: Int
  /// `[outputs, inputs, k, k]` or `[outputs, inputs]`.
  private let weights: Tensor

  /// Added to lengths before anything is divided by them.
  static let epsilon = 1e-4

  /// - Parameters:
  ///   - window: of a convolution; 0 for a linear layer.
  ///   - factor: of what it gives.
  /// - Throws: `DiffusionError`, `CheckpointError`.
  init(_ name: String, _ modules: DiffusionModules, window: Int, times factor: Double = 1) throws {
    try modules.className(name, among: ["MPConv"])
    guard let shape = modules.shape(of: name + ".weight"), shape.count >= 2, shape.allSatisfy({ $0 > 0 }) else {
      throw DiffusionError.missingTensor(file: modules.file, tensor: name + ".weight")
    }
    self.name = name
    (outputs, inputs) = (shape[0], shape[1])
    let expected = [outputs, inputs] + (window > 0 ? [window, window] : [])
    var scalars = try modules.floats(name + ".weight", shape: expected)
    let size = scalars.count / outputs
    for row in 0..<outputs {
      let range = row * size..<(row + 1) * size
      // The root of the mean of squares, as every length here, so that a layer's width does not change what epsilon means.
      let length = (scalars[range].reduce(0) { $0 + Double($1) * Double($1) } / Double(size)).squareRoot()
      let scale = factor / ((Self.epsilon + length) * Double(size).squareRoot())
      for index in range { scalars[index] = Float(scale * Double(scalars[index])) }
    }
    weights = Tensor(shape: Shape(expected), scalars: scalars)
  }

  var linear: HostLinear { HostLinear(weights: weights, bias: nil) }

  var convolution: ResamplingConvolution { ResamplingConvolution(name: name, weights: weights, bias: nil) }
}

/// A sum that keeps magnitudes: ((1 - t) a + t b) / sqrt((1 - t)^2 + t^2).
struct MagnitudeSum: Sendable {
  let first: Double
  let second: Double

  /// - Parameter balance: t.
  init(balance: Double) {
    let length = ((1 - balance) * (1 - balance) + balance * balance).squareRoot()
    (first, second) = ((1 - balance) / length, balance / length)
  }
}

enum MagnitudeActivation {
  /// SiLU of standard normal numbers has this root of the mean of squares, by which it is divided.
  static let gain = 1 / 0.596

  static func silu(_ x: Double) -> Double { gain * x / (1 + exp(-x)) }
}

extension Graph {
  /// x / (1e-4 + the root of the mean of squares over an axis).
  mutating func unitMagnitude(_ x: Value, axis: Int) throws -> Value {
    let length = try squareRoot(mean(multiply(x, x), axes: [axis]))
    return try divide(x, add(length, constant(Float(MagnitudeLayer.epsilon))))
  }

  /// x times a number that is not 1.
  mutating func scaled(_ x: Value, by factor: Double) throws -> Value {
    factor == 1 ? x : try multiply(x, constant(Float(factor)))
  }
}
