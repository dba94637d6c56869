import Kernels
import Testing
import _TestSupport

/// Sums and normalisation of planes and of pixels with channels side by side: the same bits, and those of the definition.
@Suite struct NormalisationTests {
  @Test(arguments: InstructionSet.available)
  func pixelsAreNormalisedLikePlanes(_ set: InstructionSet) {
    var generator = SeededGenerator(seed: 11)
    let vectors = VectorKernels(set)
    // More channels from pixel to pixel than are worked on; tails of every kind.
    for (count, channels, stride) in [(1, 1, 1), (7, 5, 9), (8, 16, 16), (37, 21, 40), (64, 48, 48)] {
      let planes = (0..<channels).map { _ in (0..<count).map { _ in Float.random(in: -3...5, using: &generator) } }
      var pixels = [Float](repeating: .nan, count: count * stride)
      for (channel, plane) in planes.enumerated() {
        for (position, value) in plane.enumerated() { pixels[position * stride + channel] = value }
      }
      func row() -> [Float] { (0..<channels).map { _ in Float.random(in: 0.2...2, using: &generator) } }
      let (offset, mean, deviation, scale, shift) = (row(), row(), row(), row(), row())
      var (sums, squares) = ([Double](repeating: 0, count: 8 * channels), [Double](repeating: 0, count: 8 * channels))
      var normalised = pixels
      vectors.sumPixels(
        count: count, channels: channels, stride: stride, source: pixels, offset: offset, sums: &sums)
      vectors.squarePixels(
        count: count, channels: channels, stride: stride, source: pixels, offset: offset, mean: mean, sums: &squares)
      vectors.normalisePixels(
        count: count, channels: channels, stride: stride, source: pixels, output: &normalised,
        factors: offset + mean + deviation + scale + shift)
      for (channel, plane) in planes.enumerated() {
        var (own, ownSquares) = ([Double](repeating: 0, count: 8), [Double](repeating: 0, count: 8))
        var result = plane
        vectors.sumPlane(count: count, source: plane, offset: offset[channel], sums: &own)
        vectors.squarePlane(
          count: count, source: plane, offset: offset[channel], mean: mean[channel], sums: &ownSquares)
        vectors.normalisePlane(
          count: count, source: plane, output: &result, offset: offset[channel], mean: mean[channel],
          deviation: deviation[channel], scale: scale[channel], shift: shift[channel])
        for lane in 0..<8 {
          #expect(own[lane] == sums[lane * channels + channel])
          #expect(ownSquares[lane] == squares[lane * channels + channel])
        }
        let exact = plane.reduce(0.0) { $0 + Double($1 + offset[channel]) }
        #expect(abs(own.reduce(0, +) - exact) <= 1e-12 * Double(count))
        for position in 0..<count {
          let centred = plane[position] + offset[channel] - mean[channel]
          let expected = centred / deviation[channel] * scale[channel] + shift[channel]
          #expect(normalised[position * stride + channel] == expected && result[position] == expected)
        }
        // What lies between is another's.
        if stride > channels { #expect(normalised[channels].isNaN) }
      }
    }
  }
}
