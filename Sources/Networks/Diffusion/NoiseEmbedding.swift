import Foundation
import Tensor

/// What a network is told of noise and class: a vector, computed here once for each pair of them and not by the graph.
///
/// SongUNet adds the class to the embedded noise, all others after their second layer.
struct NoiseEmbedding: Sendable {
  /// Whether the class is scaled and added first.
  let isSong: Bool
  let sinesFirst: Bool
  /// Angles per unit of noise; half of the embedding's width.
  let frequencies: [Float]
  let first: HostLinear
  let second: HostLinear
  let label: HostLinear?

  /// Numbers of the result.
  var width: Int { second.outputs }

  /// - Parameters:
  ///   - noise: as the preconditioning says it.
  ///   - label: nil for a vector of zeros where there are classes.
  ///   - trace: given what the modules of the network give.
  func vector(noise: Double, label: Int?, trace: (String, [Double]) -> Void = { _, _ in }) -> [Double] {
    let angles = frequencies.map { noise * Double($0) }
    let (cosines, sines) = (angles.map { cos($0) }, angles.map { sin($0) })
    trace("map_noise", cosines + sines)
    var embedding = sinesFirst ? sines + cosines : cosines + sines
    var ofClass: [Double]?
    if let linear = self.label {
      // SongUNet scales the one-hot vector to the length that embedded noise has.
      ofClass = linear.column(label, times: isSong ? Double(linear.inputs).squareRoot() : 1)
      trace("map_label", ofClass ?? [])
    }
    if isSong, let ofClass { embedding = zip(embedding, ofClass).map { $0 + $1 } }
    let inner = first(embedding)
    trace("map_layer0", inner)
    var outer = second(inner.map(Self.silu))
    trace("map_layer1", outer)
    if !isSong, let ofClass { outer = zip(outer, ofClass).map { $0 + $1 } }
    return outer.map(Self.silu)
  }

  private static func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }
}

extension NoiseEmbedding {
  /// longest^(-i / divisor) for i below `count`: in single precision, as they are in every network whatever its own precision.
  static func frequencies(_ count: Int, longest: Double, divisor: Double) -> [Float] {
    let base = Float(1 / longest)
    return (0..<count).map { Float(pow(Double(base), Double(Float($0) / Float(divisor)))) }
  }

  /// 10000^(-i / divisor), rounded step by step as networks of whole time steps have them: times are up to 1000, and angles of
  /// float64 others.
  static func stepFrequencies(_ count: Int, divisor: Double) -> [Float] {
    (0..<count).map { Float(exp(Double(Float(-log(10000.0)) * Float($0) / Float(divisor)))) }
  }

  /// - Parameter classes: 0 for a network that knows none.
  init(_ modules: DiffusionModules, isSong: Bool, classes: Int) throws {
    self.isSong = isSong
    sinesFirst = isSong
    switch try modules.className("map_noise", among: ["PositionalEmbedding", "FourierEmbedding"]) {
    case "FourierEmbedding":
      guard let count = modules.shape(of: "map_noise.freqs")?.first else {
        throw DiffusionError.missingTensor(file: modules.file, tensor: "map_noise.freqs")
      }
      frequencies = try modules.floats("map_noise.freqs", shape: [count]).map { Float(2 * Double.pi) * $0 }
    default:
      let half = try modules.integer("num_channels", of: "map_noise", in: 4...1 << 16) / 2
      let longest = try modules.number("max_positions", of: "map_noise", in: 1...1e12)
      let last = half - (try modules.flag("endpoint", of: "map_noise") ? 1 : 0)
      frequencies = Self.frequencies(half, longest: longest, divisor: Double(last))
    }
    first = try HostLinear("map_layer0", modules, inputs: 2 * frequencies.count)
    second = try HostLinear("map_layer1", modules, inputs: first.outputs)
    guard classes > 0 else {
      label = nil
      return
    }
    let linear = try HostLinear("map_label", modules, inputs: classes)
    let expected = isSong ? first.inputs : second.outputs
    guard linear.outputs == expected else {
      throw DiffusionError.tensorShape(
        file: modules.file, tensor: "map_label.weight", got: [linear.outputs, classes], expected: [expected, classes])
    }
    label = linear
  }
}

/// W x + b in double precision, of weights in single.
struct HostLinear: Sendable {
  let inputs: Int
  let outputs: Int
  /// `[outputs, inputs]`
  private let weights: [Float]
  private let bias: [Float]?

  /// - Parameters:
  ///   - weights: `[outputs, inputs]`.
  ///   - bias: `[outputs]`.
  init(weights: Tensor, bias: Tensor?) {
    (outputs, inputs) = (weights.shape[0], weights.shape[1])
    (self.weights, self.bias) = (weights.scalars, bias?.scalars)
  }

  /// An embedding: a row for each of the inputs.
  /// - Parameter columns: `[inputs, outputs]`.
  init(columns: Tensor) {
    (inputs, outputs) = (columns.shape[0], columns.shape[1])
    let (inputs, outputs) = (inputs, outputs)
    weights = (0..<outputs).flatMap { output in (0..<inputs).map { columns.scalars[$0 * outputs + output] } }
    bias = nil
  }

  init(_ name: String, _ modules: DiffusionModules, inputs: Int) throws {
    try modules.className(name, among: ["Linear"])
    guard let outputs = modules.shape(of: name + ".weight")?.first, outputs > 0 else {
      throw DiffusionError.missingTensor(file: modules.file, tensor: name + ".weight")
    }
    self.inputs = inputs
    self.outputs = outputs
    weights = try modules.floats(name + ".weight", shape: [outputs, inputs])
    bias =
      modules.shape(of: name + ".bias") == nil ? nil : try modules.floats(name + ".bias", shape: [outputs])
  }

  func callAsFunction(_ x: [Double]) -> [Double] {
    precondition(x.count == inputs, "a vector of \(x.count) for \(inputs) inputs")
    return weights.withUnsafeBufferPointer { weights in
      (0..<outputs).map { row in
        var sum = Double(bias?[row] ?? 0)
        for column in 0..<inputs { sum += Double(weights[row * inputs + column]) * x[column] }
        return sum
      }
    }
  }

  /// The result for a vector that is `factor` at `index` and 0 elsewhere; nil for zeros throughout.
  func column(_ index: Int?, times factor: Double) -> [Double] {
    (0..<outputs).map { row in
      Double(bias?[row] ?? 0) + (index.map { factor * Double(weights[row * inputs + $0]) } ?? 0)
    }
  }
}
