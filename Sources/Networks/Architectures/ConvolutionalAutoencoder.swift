import Tensor

/// A convolutional autoencoder for images of any size: strided convolutions, a linear layer to k numbers and one back,
/// transposed convolutions.
///
/// Nothing but linear layers stands between the last strided convolution and the first transposed one. With an activation
/// there, the code of an image bends where the data do not, and on `glyphs` the decoder's tangent spaces stand twice as far
/// from the true ones (9 against 4 degrees for k = 128).
package struct ConvolutionalAutoencoder: Sendable {
  package let encoder: [Layer]
  package let decoder: [Layer]
  /// Of encoder and decoder, in this order.
  package let tensors: FreshTensors

  package static let name = "autoencoder-conv"
  package static let summary = "convolutional encoder and decoder for images of any size; the latent dimension is given"

  /// Channels of the innermost map.
  private static let innerChannels = 16
  /// The map is halved until it has at most so many positions.
  private static let innerPositions = 64

  /// - Parameters:
  ///   - imageShape: `[C, H, W]`.
  ///   - latentDimension: k.
  ///   - width: channels of all maps but the innermost.
  ///   - activation: smooth ones give tangent spaces that turn smoothly.
  package init(imageShape: Shape, latentDimension k: Int, width: Int = 16, activation: Layer = Layer("SiLU")) {
    let channels = imageShape[0]
    var sizes = [(height: imageShape[1], width: imageShape[2])]
    while let last = sizes.last, last.height * last.width > Self.innerPositions {
      sizes.append(((last.height + 1) / 2, (last.width + 1) / 2))
    }
    let steps = sizes.count - 1
    // Of the map at each size; with one size only, that of the first convolution is the innermost.
    let widths = (0...steps).map { $0 == steps ? Self.innerChannels : width }
    let inner = sizes[steps]
    let features = Self.innerChannels * inner.height * inner.width

    var tensors = FreshTensors()
    func convolution(_ name: String, _ inputs: Int, _ outputs: Int, stride: Int = 1) -> Layer {
      tensors.convolution(name, inputs, outputs, bias: true)
      return .conv(name, stride: stride, padding: 1, bias: true)
    }
    var encoder = [convolution("encoder.conv0", channels, widths[0])]
    for step in 0..<steps {
      encoder += [activation, convolution("encoder.conv\(step + 1)", widths[step], widths[step + 1], stride: 2)]
    }
    tensors.linear("encoder.code", features, k)
    encoder += [.flatten, .linear("encoder.code", bias: true)]

    tensors.linear("decoder.code", k, features)
    var decoder: [Layer] = [
      .linear("decoder.code", bias: true),
      Layer("Reshape") { $0.shape = [Self.innerChannels, inner.height, inner.width] },
    ]
    for step in (0..<steps).reversed() {
      let name = "decoder.up\(step)"
      tensors.transposedConvolution(name, widths[step + 1], widths[step], window: 4)
      decoder += [.doubling(name, to: sizes[step]), activation]
    }
    decoder.append(convolution("decoder.out", widths[0], channels))
    (self.encoder, self.decoder, self.tensors) = (encoder, decoder, tensors)
  }
}

extension Layer {
  /// A transposed 4x4 convolution that undoes a halving (rounded up) to `size`: where that is odd, the last row or column is
  /// left out.
  static func doubling(_ name: String, to size: (height: Int, width: Int)) -> Layer {
    Layer("ConvTranspose2d", name: name) {
      $0.stride = 2
      let (bottom, right) = (1 + size.height % 2, 1 + size.width % 2)
      $0.padding = bottom == 1 && right == 1 ? 1 : Extent([1, 1, bottom, right])
      $0.bias = true
    }
  }
}
