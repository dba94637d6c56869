/// Feature maps whose pixels are brought to unit length: n = f / (sqrt(sum over channels of f^2) + epsilon).
///
/// The last step of LPIPS's features, as they are copied out of the network's memory: as operators it took a sixth of the time of AlexNet's
/// network on small images.
struct UnitPixels {
  private typealias Lanes = SIMD16<Float>

  let epsilon: Float

  /// - Parameters:
  ///   - maps: pixels whose channels lie side by side.
  ///   - output: as many numbers; not the same memory.
  func write(_ maps: UnsafeBufferPointer<Float>, channels: Int, to output: UnsafeMutableBufferPointer<Float>) {
    precondition(channels > 0 && maps.count == output.count && maps.count.isMultiple(of: channels))
    let (source, target) = (UnsafeRawBufferPointer(maps), UnsafeMutableRawBufferPointer(output))
    let size = MemoryLayout<Float>.stride
    for pixel in stride(from: 0, to: maps.count, by: channels) {
      let end = pixel + channels
      var squares = Lanes.zero
      var place = pixel
      while place + Lanes.scalarCount <= end {
        let values = source.loadUnaligned(fromByteOffset: place * size, as: Lanes.self)
        squares += values * values
        place += Lanes.scalarCount
      }
      var sum = squares.sum()
      while place < end {
        sum += maps[place] * maps[place]
        place += 1
      }
      let factor = 1 / (sum.squareRoot() + epsilon)
      place = pixel
      while place + Lanes.scalarCount <= end {
        let values = source.loadUnaligned(fromByteOffset: place * size, as: Lanes.self)
        target.storeBytes(of: values * factor, toByteOffset: place * size, as: Lanes.self)
        place += Lanes.scalarCount
      }
      while place < end {
        output[place] = maps[place] * factor
        place += 1
      }
    }
  }
}
