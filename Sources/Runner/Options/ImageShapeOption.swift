import ArgumentParser
import Tensor

/// `--shape C,H,W`.
enum ImageShapeOption {
  static func parse(_ text: String?) throws -> Shape? {
    guard let text else { return nil }
    let extents = text.split(separator: ",").compactMap { Int($0) }
    guard extents.count == 3, extents.allSatisfy({ (1...4096).contains($0) }), let checked = Shape(checking: extents)
    else { throw ValidationError("--shape must be three positive numbers such as 3,32,32, got `\(text)`") }
    return checked
  }
}
