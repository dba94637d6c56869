import Tensor

/// A small U-Net (Ronneberger, Fischer, Brox 2015) for one noise level and images of any size: at each size two 3x3
/// convolutions on the way down and one on the way up, which reads the map of the way down beside what comes from half the
/// size. There is no normalisation, so that the network may scale with its input, and no conditioning on the noise.
///
/// At the smallest size a linear layer over a thinned copy of the whole map takes the place of attention. Convolutions alone
/// do not see the whole image, and the exact denoiser of `glyphs` is a projection of it: without that layer the cosine with
/// its score at clean images is 0.81, with it 0.87.
package struct SmallUNet: Sendable {
  package let layers: [Layer]
  package let tensors: FreshTensors

  package static let name = "unet-small"
  package static let summary = "small U-Net for images of any size, to denoise one noise level"

  /// Sizes: the image's own, half and a quarter; images below 8 x 8 are halved less often.
  private static let largestDepth = 2

  /// Channels of the thinned map.
  private static let thinChannels = 4

  /// - Parameters:
  ///   - imageShape: `[C, H, W]`.
  ///   - width: channels at full size; twice as many below.
  ///   - outputs: how many images come out, one after the other along the channels.
  package init(imageShape: Shape, width: Int = 16, activation: Layer = Layer("SiLU"), outputs: Int = 1) {
    var sizes = [(height: imageShape[1], width: imageShape[2])]
    while let last = sizes.last, sizes.count <= Self.largestDepth, min(last.height, last.width) >= 4 {
      sizes.append(((last.height + 1) / 2, (last.width + 1) / 2))
    }
    let widths = sizes.indices.map { $0 == 0 ? width : 2 * width }

    var tensors = FreshTensors()
    func convolution(_ name: String, _ inputs: Int, _ outputs: Int, stride: Int = 1) -> Layer {
      tensors.convolution(name, inputs, outputs, bias: true)
      return .conv(name, stride: stride, padding: 1, bias: true)
    }
    /// The smallest map plus what the linear layer makes of all of it.
    func whole(_ channels: Int, _ size: (height: Int, width: Int)) -> Layer {
      let features = Self.thinChannels * size.height * size.width
      tensors.convolution("whole.thin", channels, Self.thinChannels, window: 1, bias: true)
      tensors.linear("whole.linear", features, features)
      tensors.convolution("whole.widen", Self.thinChannels, channels, window: 1, bias: true)
      return .residual(
        [
          .conv("whole.thin", bias: true), .flatten, .linear("whole.linear", bias: true), activation,
          Layer("Reshape") { $0.shape = [Self.thinChannels, size.height, size.width] },
          .conv("whole.widen", bias: true),
        ], shortcut: [])
    }
    /// Everything at one size and below: from the map above to `widths[level]` channels of this size.
    func appending(_ level: Int) -> [Layer] {
      let inputs = level == 0 ? imageShape[0] : widths[level - 1]
      let layers = [
        convolution("down\(level).conv1", inputs, widths[level], stride: level == 0 ? 1 : 2), activation,
        convolution("down\(level).conv2", widths[level], widths[level]), activation,
      ]
      guard level + 1 < sizes.count else { return layers + [whole(widths[level], sizes[level])] }
      let below = appending(level + 1)
      tensors.transposedConvolution("up\(level).grow", widths[level + 1], widths[level], window: 4)
      let joined = Layer("Concatenate") {
        $0.branches = [[], below + [.doubling("up\(level).grow", to: sizes[level])]]
      }
      return layers + [joined, convolution("up\(level).conv", 2 * widths[level], widths[level]), activation]
    }
    layers = appending(0) + [convolution("out", widths[0], outputs * imageShape[0])]
    self.tensors = tensors
  }
}
