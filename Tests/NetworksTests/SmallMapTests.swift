import Graph
import Tensor
import Testing

@testable import Networks

/// What LPIPS makes of maps of few pixels, against sums in float64.
@Suite struct SmallMapTests {
  private static func normals(_ shape: Shape, _ name: String) -> Tensor {
    let stream = RandomStream(seed: 4, name: name)
    return Tensor(shape: shape, scalars: stream.normals(item: 0, count: shape.count).map { Float($0) })
  }

  /// As products with one matrix, and those of 3 x 3 pixels and 5 x 5 windows as 25 products.
  @Test(arguments: [
    (3, 3, 5, 2, 1), (2, 3, 5, 2, 1), (3, 3, 3, 1, 1), (1, 1, 3, 1, 1), (3, 2, 3, 1, 2), (3, 3, 5, 1, 1),
  ])
  func convolutions(_ height: Int, _ width: Int, _ window: Int, _ padding: Int, _ stride: Int) throws {
    let (images, channels, outputs) = (5, 7, 18)
    let x = Self.normals([images, channels, height, width], "x")
    let weights = Self.normals([outputs, channels, window, window], "weights")
    let bias = Self.normals([outputs], "bias")
    var graph = Graph()
    let geometry = ConvolutionGeometry(stride: stride, padding: padding)
    let input = graph.input("images", x.shape)
    let value = try graph.rectifiedConvolution(input, weights, bias, geometry)
    let program = try BlockProgram(file: "m", images: images, graph: graph, output: value, threads: 1)
    let found = try program.run(["images": x], block: 0..<images) { Array($0) }
    let shape = graph.shape(of: value)
    #expect(shape.dimensions == [images, outputs, shape[2], shape[3]])
    var expected: [Double] = []
    for image in 0..<images {
      for output in 0..<outputs {
        for row in 0..<shape[2] {
          for column in 0..<shape[3] {
            var sum = Double(bias.scalars[output])
            for channel in 0..<channels {
              for i in 0..<window {
                for j in 0..<window {
                  let (y, x0) = (row * stride + i - padding, column * stride + j - padding)
                  guard (0..<height).contains(y), (0..<width).contains(x0) else { continue }
                  let pixel = x.scalars[((image * channels + channel) * height + y) * width + x0]
                  let weight = weights.scalars[((output * channels + channel) * window + i) * window + j]
                  sum += Double(pixel) * Double(weight)
                }
              }
            }
            expected.append(max(0, sum))
          }
        }
      }
    }
    let largest = expected.reduce(0, max)
    for (one, other) in zip(expected, found) { #expect(abs(one - Double(other)) < 3e-6 * largest) }
  }

  @Test(arguments: [1, 3, 16, 40]) func unitPixels(_ channels: Int) throws {
    var maps = Self.normals([6, channels], "maps").scalars
    // A pixel of zeros stays one.
    for channel in 0..<channels { maps[channel] = 0 }
    var found = [Float](repeating: .nan, count: maps.count)
    maps.withUnsafeBufferPointer { maps in
      found.withUnsafeMutableBufferPointer { UnitPixels(epsilon: 1e-10).write(maps, channels: channels, to: $0) }
    }
    for pixel in 0..<6 {
      let values = maps[pixel * channels..<(pixel + 1) * channels]
      let length = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() + 1e-10
      for (value, unit) in zip(values, found[pixel * channels..<(pixel + 1) * channels]) {
        #expect(abs(Double(value) / length - Double(unit)) < 3e-7)
      }
    }
  }
}
