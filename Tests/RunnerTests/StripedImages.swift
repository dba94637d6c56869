import Foundation

@testable import Checkpoints

/// A small data set of one's own: stripes of several directions with noise, as `x_train` and so on, in a folder of its name.
enum StripedImages {
  /// Stripes along rows, columns and diagonals.
  private static func stripe(_ label: Int, _ row: Int, _ column: Int) -> Int {
    [row, column, row + column][label] % 2
  }

  /// - Parameters:
  ///   - channels: 1 or 3.
  ///   - classes: 2 or 3.
  ///   - factor: others give other noise.
  static func write(
    to binary: RealBinary, _ name: String = "stripes", side: Int = 8, channels: Int = 1, classes: Int = 2,
    train: Int = 80, test: Int = 24, factor: Int = 7919
  ) throws {
    var writer = ZipWriter(file: "\(name).npz", capacity: 0)
    let size = side * side * channels
    for (split, count) in [("train", train), ("test", test)] {
      let random = (0..<count * size).map { ($0 &* factor &+ $0 / 13 &* 104_729) % 60 }
      let pixels = (0..<count).flatMap { image in
        (0..<size).map { place -> UInt8 in
          let (row, column) = (place / channels / side, place / channels % side)
          return UInt8(stripe(image % classes, row, column) * 150 + random[image * size + place])
        }
      }
      let shape = "(\(count), \(side), \(side)\(channels > 1 ? ", \(channels)" : ""))"
      try writer.add("x_\(split).npy", array(shape, pixels))
      try writer.add("y_\(split).npy", array("(\(count),)", (0..<count).map { UInt8($0 % classes) }))
    }
    try FileManager.default.createDirectory(atPath: binary.path(name), withIntermediateDirectories: true)
    _ = try binary.write(writer.finished(), "\(name)/\(name).npz")
  }

  private static func array(_ shape: String, _ bytes: [UInt8]) -> Data {
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': \(shape), }\n"
    return Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8) + bytes)
  }
}
