import Kernels

/// What the kernels need to know of the windows of some pixels that all meet the same taps.
struct WindowSums: Sendable {
  enum Form {
    /// A window's rows are contiguous: `windowProduct`.
    case pieces
    /// Groups of four or eight channels: `groupedProduct`.
    case groups
  }

  private let form: Form
  let terms: Int
  /// Of pieces, where their term 0 would be; of groups, each four terms.
  private var offsets: [Int] = []
  private var ends: [Int] = []
  /// Of each pixel of several images, or of a strip of one, in the order of images, rows and columns: where its window begins, and its
  /// number among the outputs.
  private var sources: [Int]
  private var places: [Int]

  /// - Parameters:
  ///   - runs: floats that windows are made of, contiguous ones: where they begin, and how many there are.
  ///   - pixels: where each one's window begins, and its place.
  init(_ form: Form, runs: [(offset: Int, count: Int)], pixels: [(source: Int, place: Int)]) {
    self.form = form
    terms = runs.reduce(0) { $0 + $1.count }
    sources = pixels.map(\.source)
    places = pixels.map(\.place)
    switch form {
    case .groups: offsets = runs.map(\.offset)
    case .pieces:
      var start = 0
      for run in runs {
        var offset = run.offset
        while offset < run.offset + run.count {
          let count = min(run.offset + run.count - offset, Self.longestSum - start % Self.longestSum)
          offsets.append(offset - start)
          ends.append(start + count)
          start += count
          offset += count
        }
      }
    }
    if offsets.isEmpty { (offsets, ends) = ([0], [0]) }
  }

  /// As the kernels' own (`Memory.swift`): longer sums are sums of partial sums.
  static let longestSum = 128

  /// Finished sums of the first `pixels` of those that it was made for.
  @inline(__always)
  func multiply(
    pixels: Int, columns: Int, _ source: UnsafePointer<Float>, panels: UnsafePointer<Float>,
    tile: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, stride: Int,
    bias: UnsafePointer<Float>? = nil, residual: UnsafePointer<Float>? = nil, reference: UnsafePointer<Float>? = nil,
    rectifies: Bool = false,
    slope: Float = 0, lower: Float = 0, upper: Float = .nan, _ vectors: VectorKernels
  ) {
    sources.withUnsafeBufferPointer { sources in
      places.withUnsafeBufferPointer { places in
        offsets.withUnsafeBufferPointer { offsets in
          ends.withUnsafeBufferPointer { ends in
            guard let sources = sources.baseAddress, let places = places.baseAddress, let offsets = offsets.baseAddress
            else { return }
            switch form {
            case .pieces:
              guard let ends = ends.baseAddress else { return }
              vectors.windowProduct(
                pixels: pixels, sources: sources, places: places, terms: terms, pieceOffsets: offsets, pieceEnds: ends,
                columns: columns, image: source, right: panels, tile: tile, values: values,
                stride: stride, bias: bias, residual: residual, reference: reference, rectifies: rectifies,
                slope: slope, lower: lower, upper: upper)
            case .groups:
              vectors.groupedProduct(
                pixels: pixels, sources: sources, places: places, terms: terms, offsets: offsets,
                columns: columns, image: source, right: panels, tile: tile, values: values,
                stride: stride, bias: bias, residual: residual, reference: reference, rectifies: rectifies,
                slope: slope, lower: lower, upper: upper)
            }
          }
        }
      }
    }
  }
}
