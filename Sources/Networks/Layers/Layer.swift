/// One layer of a declarative network, as `model.json` lists them; built-in architectures are such lists too.
///
/// `type` and the options have PyTorch's names (`Conv2d`, `kernelSize` for `kernel_size`, ...) and defaults. Sizes that the
/// checkpoint's tensors tell (channels, features, kernel of a convolution) are not stated. `docs/add-a-model.md` lists all types.
package struct Layer: Sendable, Codable, Equatable {
  package var type: String
  /// Prefix of the layer's tensors: `conv1` for `conv1.weight` and `conv1.bias`. Of layers of one parameter, the tensor's own
  /// name.
  package var name: String?
  package var kernelSize: Extent?
  package var stride: Extent?
  package var padding: Extent?
  package var outputPadding: Extent?
  package var dilation: Extent?
  package var groups: Int?
  /// Absent: as the checkpoint has it.
  package var bias: Bool?
  /// Whether a normalisation has a scale and a shift; absent: as the checkpoint has it.
  package var affine: Bool?
  package var outputSize: Extent?
  package var ceilMode: Bool?
  package var countIncludePad: Bool?
  package var eps: Double?
  package var numGroups: Int?
  package var normalizedDimensions: Int?
  package var beta: Double?
  package var alpha: Double?
  package var negativeSlope: Double?
  package var approximate: String?
  package var minimum: Double?
  package var maximum: Double?
  package var minVal: Double?
  package var maxVal: Double?
  package var threshold: Double?
  package var lambd: Double?
  package var lower: Double?
  package var upper: Double?
  package var numHeads: Int?
  /// Whether queries, keys and values of an attention have a bias; absent: as `bias`.
  package var qkvBias: Bool?
  package var windowSize: Int?
  package var shiftSize: Int?
  package var value: Double?
  package var factor: Int?
  package var mode: String?
  package var alignCorners: Bool?
  package var axis: Int?
  package var axes: [Int]?
  package var start: Int?
  package var count: Int?
  package var step: Int?
  package var low: [Int]?
  package var high: [Int]?
  package var shape: [Int]?
  package var permutation: [Int]?
  package var layers: [Layer]?
  package var main: [Layer]?
  package var shortcut: [Layer]?
  package var branches: [[Layer]]?

  package init(_ type: String, name: String? = nil) {
    self.type = type
    self.name = name
  }

  /// For code that composes layers: `Layer("Conv2d", name: "conv1") { $0.padding = 1 }`.
  package init(_ type: String, name: String? = nil, _ configure: (inout Layer) -> Void) {
    self.init(type, name: name)
    configure(&self)
  }
}

/// One number for both directions, or `[vertical, horizontal]`; for padding also `[top, left, bottom, right]`.
package struct Extent: Sendable, Codable, Equatable, ExpressibleByIntegerLiteral {
  package let values: [Int]

  package init(integerLiteral value: Int) { values = [value] }

  package init(_ values: [Int]) { self.values = values }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let single = try? container.decode(Int.self) {
      values = [single]
    } else {
      values = try container.decode([Int].self)
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if values.count == 1 { try container.encode(values[0]) } else { try container.encode(values) }
  }

  /// (vertical, horizontal), nil for another count.
  var pair: (Int, Int)? {
    switch values.count {
    case 1: (values[0], values[0])
    case 2: (values[0], values[1])
    default: nil
    }
  }

  /// (top, left, bottom, right), nil for another count.
  var sides: (top: Int, left: Int, bottom: Int, right: Int)? {
    if let (vertical, horizontal) = pair { return (vertical, horizontal, vertical, horizontal) }
    return values.count == 4 ? (values[0], values[1], values[2], values[3]) : nil
  }
}
