import Text

/// What `--device` names: a kind of device, and which of several.
package struct DeviceName: Sendable, Hashable, CustomStringConvertible {
  package enum Kind: String, Sendable, CaseIterable {
    case cuda, rocm, mps, xpu
    /// PyTorch on this machine's processor: to see that PyTorch computes what the built-in engine does.
    case cpuTorch = "cpu-torch"
  }

  package let kind: Kind
  /// From 0; nil for the first.
  package let index: Int?

  /// - Throws: `DeviceError.name`.
  package init(_ text: String) throws(DeviceError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let kind = parts.first.flatMap({ Kind(rawValue: String($0)) }) else {
      throw .name(text, known: Kind.allCases.map(\.rawValue))
    }
    self.kind = kind
    guard parts.count > 1 else {
      index = nil
      return
    }
    guard let index = Int(parts[1]), (0...1023).contains(index), parts[1].allSatisfy(\.isNumber) else {
      throw .name(text, known: Kind.allCases.map(\.rawValue))
    }
    self.index = index
  }

  package var description: String { kind.rawValue + (index.map { ":\($0)" } ?? "") }
}

/// How a device rounds sums of products.
package enum DevicePrecision: String, Sendable, CaseIterable {
  /// As float32 does it, with no shorter operands.
  case strict = "float32"
  /// Operands of convolutions and matrix products with 10 bits of fraction, where the device can.
  case tf32
  /// Each operand as the sum of two of `tf32`: three times the products, and nearly float32's rounding.
  case tf32x3
  /// With 7 bits.
  case bf16
}
