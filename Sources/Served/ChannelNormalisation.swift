import BenchCore
import Tensor

/// (pixel - mean) / std by channel, and its derivative.
struct ChannelNormalisation: Sendable {
  private let mean: [Float]
  private let std: [Float]
  private let plane: Int

  /// - Parameter imageShape: `[C, H, W]`, with as many channels as there are means.
  init(_ preprocessing: Preprocessing, imageShape: Shape) {
    precondition(preprocessing.mean.count == imageShape[0] && preprocessing.std.count == imageShape[0])
    mean = preprocessing.mean
    std = preprocessing.std
    plane = imageShape[1] * imageShape[2]
  }

  /// In this order, as networks were trained: x / std - mean / std rounds differently.
  func normalised(_ images: Tensor) -> Tensor {
    Tensor(shape: images.shape) { result in
      images.scalars.withUnsafeBufferPointer { source in
        for start in stride(from: 0, to: source.count, by: plane) {
          let channel = start / plane % self.mean.count
          let (mean, std) = (self.mean[channel], self.std[channel])
          for index in start..<start + plane { result[index] = (source[index] - mean) / std }
        }
      }
    }
  }

  /// From gradients with respect to normalised pixels to those with respect to pixels.
  func scaleGradient(_ gradient: UnsafeMutableBufferPointer<Float>) {
    for start in stride(from: 0, to: gradient.count, by: plane) {
      let std = self.std[start / plane % self.std.count]
      for index in start..<start + plane { gradient[index] /= std }
    }
  }
}
