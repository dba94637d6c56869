/// What stands beside the digit and says nothing of it: 28 x 28 bytes, white on black.
package enum DistractorPattern: String, Sendable, CaseIterable {
  /// The letter A of the paper (Srinivas et al., section 4.3), byte for byte as its code draws it with Pillow 13.0 and the font that
  /// Pillow's tests use, FreeMono: size 35 at (9, 2) of 40 x 40 pixels, a stroke of 1 around it, made 28 x 28 by bicubic interpolation.
  /// L2 norm 9.285 in units of [0, 1]; a digit has 9.2 on average: signal and distractor are equally bright.
  case letterA
  /// A frame with its diagonals, the same for every image, in the place of BlockMNIST's null block (Shah et al. 2021, whose own
  /// pattern is not published). L2 norm 9.381.
  case nullBlock

  /// Height and width of a block.
  package static let side = 28

  /// `side` * `side` bytes by rows.
  package var pixels: [UInt8] {
    switch self {
    case .letterA: Self.drawing(Self.letterRows, top: 6, left: 5, width: 17)
    case .nullBlock:
      (0..<Self.side * Self.side).map { Self.isOnFrame(row: $0 / Self.side, column: $0 % Self.side) ? 255 : 0 }
    }
  }

  /// Lines of one pixel: wider ones would be brighter than a digit.
  private static func isOnFrame(row: Int, column: Int) -> Bool {
    let frame = 6...21
    guard frame.contains(row), frame.contains(column) else { return false }
    let ends = [frame.lowerBound, frame.upperBound]
    return ends.contains(row) || ends.contains(column) || row == column
      || row + column == frame.lowerBound + frame.upperBound
  }

  private static func drawing(_ rows: [UInt8], top: Int, left: Int, width: Int) -> [UInt8] {
    var pixels = [UInt8](repeating: 0, count: side * side)
    for (index, value) in rows.enumerated() {
      pixels[(top + index / width) * side + left + index % width] = value
    }
    return pixels
  }

  /// Rows 6 to 21, columns 5 to 21.
  // swift-format-ignore
  private static let letterRows: [UInt8] = [
    0, 0, 3, 105, 180, 180, 180, 180, 180, 145, 19, 0, 0, 0, 0, 0, 0,
    0, 0, 19, 197, 255, 255, 255, 255, 255, 255, 88, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 55, 101, 100, 219, 255, 255, 255, 160, 4, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 26, 224, 255, 216, 253, 238, 28, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 106, 253, 233, 81, 235, 255, 102, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 9, 175, 255, 177, 9, 175, 255, 189, 2, 0, 0, 0, 0,
    0, 0, 0, 0, 42, 239, 253, 109, 0, 92, 255, 238, 54, 0, 0, 0, 0,
    0, 0, 0, 0, 108, 255, 233, 25, 0, 27, 218, 255, 123, 0, 0, 0, 0,
    0, 0, 0, 2, 198, 255, 213, 74, 75, 75, 195, 255, 197, 17, 0, 0, 0,
    0, 0, 0, 47, 242, 255, 255, 255, 255, 255, 255, 255, 249, 59, 0, 0, 0,
    0, 0, 0, 128, 255, 239, 205, 205, 205, 205, 205, 238, 255, 145, 0, 0, 0,
    0, 0, 15, 192, 255, 139, 0, 0, 0, 0, 0, 122, 255, 222, 14, 0, 0,
    0, 0, 56, 247, 243, 66, 0, 0, 0, 0, 0, 40, 247, 251, 82, 0, 0,
    4, 70, 168, 255, 236, 119, 76, 4, 0, 2, 61, 115, 228, 255, 191, 90, 16,
    46, 233, 255, 255, 255, 255, 246, 52, 0, 31, 215, 255, 255, 255, 255, 255, 100,
    15, 132, 180, 180, 180, 180, 139, 15, 0, 9, 118, 180, 180, 180, 180, 164, 39,
  ]
}
