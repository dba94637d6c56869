import Graph
import Kernels

/// A convolution with one channel in and out per group, or its transpose, between images whose channels lie side by side, which
/// are read and written in place. Taps outside of the image are left out: the columns that miss the same ones are a run.
struct DepthwiseInPlace: Sendable {
  /// Outputs of a phase of columns that meet the same taps.
  private struct Run {
    let count: Int
    /// The first output's column.
    let column: Int
    /// The element of the source's row that the taps' are counted from.
    let base: Int
    /// Of one row of the window.
    let rowTerms: Int
    /// Of all terms, those of each phase of rows.
    let starts: [Int]
  }

  private let channels: Int
  private let columns: WindowAxis
  private let sourcePixels: Int
  private let outputWidth: Int
  private let windowCount: Int
  /// Of the output.
  private let rows: [WindowAxis.Output]
  private var runs: [Run] = []
  /// Of every term, the tap's weights and the source's pixel.
  private var weightOffsets: [Int] = []
  private var offsets: [Int] = []

  /// - Returns: nil where a window is larger than a sum may be long.
  init?(channels: Int, rows: WindowAxis, columns: WindowAxis, window: (height: Int, width: Int)) {
    guard window.height * window.width <= Self.longestSum else { return nil }
    (self.channels, self.columns) = (channels, columns)
    sourcePixels = rows.extent * columns.extent
    windowCount = window.height * window.width
    outputWidth = columns.phases.reduce(0) { $0 + $1.count }
    self.rows = rows.outputs
    for phase in columns.phases {
      var first = 0
      while first < phase.count {
        let taps = columns.tapsInside(phase, first)
        var end = first + 1
        while end < phase.count, columns.tapsInside(phase, end) == taps { end += 1 }
        let starts = rows.phases.map { rowPhase in
          let start = offsets.count
          for row in rowPhase.taps {
            for column in phase.taps[taps] {
              weightOffsets.append((row.index * window.width + column.index) * channels)
              offsets.append((row.element * columns.extent + column.element) * channels)
            }
          }
          return start
        }
        runs.append(
          Run(
            count: end - first, column: phase.first + first * columns.outputStep,
            base: first * columns.sourceStep, rowTerms: taps.count, starts: starts))
        first = end
      }
    }
    // So that there is a list even where no tap meets the image.
    weightOffsets.append(0)
    offsets.append(0)
  }

  /// As the kernels' own (`Memory.swift`): longer sums are sums of partial sums.
  private static let longestSum = 128

  var preparedCount: Int { windowCount * channels }

  /// From `[C, 1, h, w]` to `[h w, C]`.
  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    for tap in 0..<windowCount {
      for channel in 0..<channels { prepared[tap * channels + channel] = weights[channel * windowCount + tap] }
    }
  }

  func run(
    _ images: Range<Int>, _ source: UnsafePointer<Float>, prepared: UnsafePointer<Float>, _ epilogue: Epilogue,
    tile: UnsafeMutablePointer<Float>
  ) {
    weightOffsets.withUnsafeBufferPointer { weightOffsets in
      offsets.withUnsafeBufferPointer { offsets in
        guard let weightOffsets = weightOffsets.baseAddress, let offsets = offsets.baseAddress else { return }
        for image in images {
          let pixels = source + image * sourcePixels * channels
          for (y, row) in rows.enumerated() {
            for run in runs {
              let first = run.starts[row.phase] + row.taps.lowerBound * run.rowTerms
              epilogue.depthwise(
                image: image, start: y * outputWidth + run.column, step: columns.outputStep, pixels: run.count,
                terms: row.taps.count * run.rowTerms, weights: prepared, weightOffsets: weightOffsets + first,
                source: pixels + (row.base * columns.extent + run.base) * channels, offsets: offsets + first,
                sourceStride: columns.sourceStep * channels, tile: tile)
            }
            epilogue.finishPixels(image: image, start: y * outputWidth, count: outputWidth)
          }
        }
      }
    }
  }
}
