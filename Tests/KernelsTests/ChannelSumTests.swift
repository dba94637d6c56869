import Kernels
import Testing
import _TestSupport

@Suite struct ChannelSumTests {
  /// Sums of the channels of pixels are those of one number after the other.
  @Test(arguments: InstructionSet.available, [1, 8, 9, 32, 53])
  func areInTheOrderOfThePixels(_ set: InstructionSet, _ channels: Int) {
    var generator = SeededGenerator(seed: 3)
    for pixels in [1, 7, 8, 49] {
      let source = (0..<pixels * channels).map { index in
        index % 97 == 5 ? Float.infinity : Float.random(in: -1...1, using: &generator)
      }
      var sums = (0..<channels).map { Double($0) }
      let expected = (0..<channels).map { channel in
        (0..<pixels).reduce(Double(channel)) { $0 + Double(source[$1 * channels + channel]) }
      }
      VectorKernels(set).addPixels(pixels: pixels, channels: channels, source: source, sums: &sums)
      #expect(sums == expected)
    }
  }
}
