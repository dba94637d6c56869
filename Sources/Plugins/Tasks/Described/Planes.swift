/// Channels in planes, as networks take them.
enum Planes {
  /// From pixels whose channels are next to each other.
  /// - Parameter count: pixels of an image.
  static func of(_ bytes: [UInt8], channels: Int, count: Int) -> [UInt8] {
    let size = channels * count
    return [UInt8](unsafeUninitializedCapacity: bytes.count) { output, initialized in
      bytes.withUnsafeBufferPointer { input in
        for start in stride(from: 0, to: bytes.count, by: size) {
          for channel in 0..<channels {
            for pixel in 0..<count {
              output[start + channel * count + pixel] = input[start + pixel * channels + channel]
            }
          }
        }
      }
      initialized = bytes.count
    }
  }
}
