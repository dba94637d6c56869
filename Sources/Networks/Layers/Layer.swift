/// One layer of a declarative network, as `model.json` lists them; built-in architectures are such lists too.
///
/// `type` and the options have PyTorch's names (`Conv2d`, `kernelSize` for `kernel_size`, ...) and defaults. Sizes that the
/// checkpoint's tensors tell (channels, features, kernel of a convolution) are not stated. `docs/add-a-model.md` lists all types.
public struct Layer: Sendable, Codable, Equatable {
  public var type: String
  /// Prefix of the layer's tensors: `conv1` for `conv1.weight` and `conv1.bias`.
  public var name: String?
  public var kernelSize: Extent?
  public var stride: Extent?
  public var padding: Extent?
  public var outputPadding: Extent?
  public var dilation: Extent?
  public var groups: Int?
  /// Absent: as the checkpoint has it.
  public var bias: Bool?
  /// Whether a normalisation has a scale and a shift; absent: as the checkpoint has it.
  public var affine: Bool?
  public var outputSize: Extent?
  public var ceilMode: Bool?
  public var countIncludePad: Bool?
  public var eps: Double?
  public var numGroups: Int?
  public var normalizedDimensions: Int?
  public var beta: Double?
  public var negativeSlope: Double?
  public var approximate: String?
  public var minimum: Double?
  public var maximum: Double?
  public var value: Double?
  public var factor: Int?
  public var mode: String?
  public var alignCorners: Bool?
  public var axis: Int?
  public var axes: [Int]?
  public var start: Int?
  public var count: Int?
  public var step: Int?
  public var low: [Int]?
  public var high: [Int]?
  public var shape: [Int]?
  public var permutation: [Int]?
  public var layers: [Layer]?
  public var main: [Layer]?
  public var shortcut: [Layer]?
  public var branches: [[Layer]]?

  public init(_ type: String, name: String? = nil) {
    self.type = type
    self.name = name
  }

  /// For code that composes layers: `Layer("Conv2d", name: "conv1") { $0.padding = 1 }`.
  public init(_ type: String, name: String? = nil, _ configure: (inout Layer) -> Void) {
    self.init(type, name: name)
    configure(&self)
  }
}

/// One number for both directions, or `[vertical, horizontal]`; for padding also `[top, left, bottom, right]`.
public struct Extent: Sendable, Codable, Equatable, ExpressibleByIntegerLiteral {
  public let values: [Int]

  public init(integerLiteral value: Int) { values = [value] }

  public init(_ values: [Int]) { self.values = values }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let single = try? container.decode(Int.self) {
      values = [single]
    } else {
      values = try container.decode([Int].self)
    }
  }

  public func encode(to encoder: any Encoder) throws {
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
