import Graph
import Tensor

/// Convolutions by OpenBLAS, over windows laid out as columns of a matrix (im2col).
struct ColumnConvolution {
  private enum Form {
    /// A 1x1 window without stride or padding is a matrix product of the image itself.
    case pointwise
    case columns
  }

  private let geometry: ConvolutionGeometry
  private let channels: Int, height: Int, width: Int
  private let outputChannels: Int, outputHeight: Int, outputWidth: Int
  private let windowHeight: Int, windowWidth: Int

  /// - Parameters: image `[N, C, H, W]`, weights `[K, C / groups, h, w]`, output `[N, K, H', W']`; already checked.
  init(_ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape) {
    self.geometry = geometry
    (channels, height, width) = (image[1], image[2], image[3])
    (outputChannels, outputHeight, outputWidth) = (output[1], output[2], output[3])
    (windowHeight, windowWidth) = (weights[2], weights[3])
  }

  private var form: Form {
    let isPointwise =
      windowHeight == 1 && windowWidth == 1 && geometry.strideHeight == 1 && geometry.strideWidth == 1
      && geometry.isUnpadded
    return isPointwise ? .pointwise : .columns
  }

  var imageCount: Int { channels * height * width }
  var outputCount: Int { outputChannels * positions }
  private var positions: Int { outputHeight * outputWidth }
  private var groupChannels: Int { channels / geometry.groups }
  private var groupOutputs: Int { outputChannels / geometry.groups }
  /// Rows of the column matrix of one group.
  private var taps: Int { groupChannels * windowHeight * windowWidth }

  var scratchCount: Int { form == .columns ? taps * positions : 0 }

  func forward(
    _ image: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    for group in 0..<geometry.groups {
      let source = image + group * groupChannels * height * width
      let target = output + group * groupOutputs * positions
      let filters = weights + group * groupOutputs * taps
      switch form {
      case .pointwise:
        BLAS.multiply(m: groupOutputs, n: positions, k: taps, filters, source, into: target)
      case .columns:
        gatherColumns(source, into: scratch)
        BLAS.multiply(m: groupOutputs, n: positions, k: taps, filters, scratch, into: target)
      }
    }
  }

  func inputGradient(
    _ gradient: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, into image: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    if form != .pointwise { image.update(repeating: 0, count: imageCount) }
    for group in 0..<geometry.groups {
      let target = image + group * groupChannels * height * width
      let source = gradient + group * groupOutputs * positions
      let filters = weights + group * groupOutputs * taps
      switch form {
      case .pointwise:
        BLAS.multiply(m: taps, n: positions, k: groupOutputs, filters, transposeA: true, source, into: target)
      case .columns:
        BLAS.multiply(m: taps, n: positions, k: groupOutputs, filters, transposeA: true, source, into: scratch)
        addColumns(scratch, to: target)
      }
    }
  }

  func addWeightGradient(
    _ image: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, to weights: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    for group in 0..<geometry.groups {
      let source = image + group * groupChannels * height * width
      let gradient = gradient + group * groupOutputs * positions
      let filters = weights + group * groupOutputs * taps
      switch form {
      case .pointwise:
        BLAS.multiply(
          m: groupOutputs, n: taps, k: positions, gradient, source, transposeB: true, beta: 1, into: filters)
      case .columns:
        gatherColumns(source, into: scratch)
        BLAS.multiply(
          m: groupOutputs, n: taps, k: positions, gradient, scratch, transposeB: true, beta: 1, into: filters)
      }
    }
  }

  // MARK: Windows as columns

  /// `columns[c, h, w, y, x] = image[c, y * stride + h * dilation - top, ...]`, zero outside the image.
  private func gatherColumns(_ image: UnsafePointer<Float>, into columns: UnsafeMutablePointer<Float>) {
    forEachTap { row, channel, dy, dx in
      let target = columns + row * positions
      let plane = image + channel * height * width
      let inside = geometry.outputs(inside: width, offset: dx, outputWidth: outputWidth)
      let (first, last) = (inside.lowerBound, inside.upperBound)
      for y in 0..<outputHeight {
        let line = target + y * outputWidth
        let sourceRow = y * geometry.strideHeight + dy
        guard sourceRow >= 0, sourceRow < height, first < last else {
          line.update(repeating: 0, count: outputWidth)
          continue
        }
        let source = plane + sourceRow * width + dx
        for x in 0..<first { line[x] = 0 }
        if geometry.strideWidth == 1 {
          (line + first).update(from: source + first, count: last - first)
        } else {
          for x in first..<last { line[x] = source[x * geometry.strideWidth] }
        }
        for x in last..<outputWidth { line[x] = 0 }
      }
    }
  }

  /// The transpose of `gatherColumns`, added to `image`.
  private func addColumns(_ columns: UnsafePointer<Float>, to image: UnsafeMutablePointer<Float>) {
    forEachTap { row, channel, dy, dx in
      let source = columns + row * positions
      let plane = image + channel * height * width
      let inside = geometry.outputs(inside: width, offset: dx, outputWidth: outputWidth)
      let (first, last) = (inside.lowerBound, inside.upperBound)
      guard first < last else { return }
      for y in 0..<outputHeight {
        let targetRow = y * geometry.strideHeight + dy
        guard targetRow >= 0, targetRow < height else { continue }
        let line = source + y * outputWidth
        let target = plane + targetRow * width + dx
        if geometry.strideWidth == 1 {
          for x in first..<last { target[x] += line[x] }
        } else {
          for x in first..<last { target[x * geometry.strideWidth] += line[x] }
        }
      }
    }
  }

  /// Every row of the column matrix: its channel in the group and its offset from the window's origin in the image.
  @inline(__always)
  private func forEachTap(_ body: (_ row: Int, _ channel: Int, _ dy: Int, _ dx: Int) -> Void) {
    var row = 0
    for channel in 0..<groupChannels {
      for h in 0..<windowHeight {
        for w in 0..<windowWidth {
          body(row, channel, h * geometry.dilationHeight - geometry.top, w * geometry.dilationWidth - geometry.left)
          row += 1
        }
      }
    }
  }
}
