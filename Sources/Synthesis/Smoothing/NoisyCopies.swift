import BenchCore
import Tensor

/// Images with noise, several copies of each, in blocks that go through a classifier together: all copies of the first image, then
/// those of the second, and so on.
struct NoisyCopies {
  private let clean: Tensor
  private let places: [Int]
  private let sigmas: [Double]
  private let samples: Int
  private let random: RandomStream

  init(_ images: Tensor, places: [Int], noise: SmoothGrad.Noise, samples: Int, seed: UInt64, purpose: String) {
    precondition(places.count == images.batch, "one place an image")
    clean = images
    self.places = places
    self.samples = samples
    sigmas = (0..<images.batch).map { noise.sigma(of: images.item($0)) }
    random = RandomStream(seed: seed, name: purpose)
  }

  /// Of rows; no number depends on where they end. Together about 32 MB of pixels, and no fewer than keep all threads busy.
  var blocks: [Range<Int>] {
    let rows = clean.batch * samples
    let size = min(1024, max(16, (1 << 23) / max(1, clean.stride)))
    return stride(from: 0, to: rows, by: size).map { $0..<min(rows, $0 + size) }
  }

  func source(ofRow row: Int) -> Int { row / samples }

  func sigma(ofImage image: Int) -> Double { sigmas[image] }

  func description(ofRow row: Int) -> String {
    "image \(places[source(ofRow: row)]) with noise \(brief(sigmas[source(ofRow: row)]))"
  }

  /// n of a row, standard normal.
  func noise(ofRow row: Int) -> [Double] {
    let (count, sample) = (clean.stride, row % samples)
    return random.normals(item: places[source(ofRow: row)], positions: sample * count..<(sample + 1) * count)
  }

  /// x + `sign` sigma n, `[rows, C, H, W]`.
  func images(_ rows: Range<Int>, sign: Double = 1) -> Tensor {
    let pixels = clean.stride
    return Tensor(shape: clean.shape.droppingFirst.prepending(rows.count)) { output in
      clean.scalars.withUnsafeBufferPointer { clean in
        for (place, row) in rows.enumerated() {
          let image = source(ofRow: row)
          let scale = sign * sigmas[image]
          for (pixel, value) in noise(ofRow: row).enumerated() {
            output[place * pixels + pixel] = Float(Double(clean[image * pixels + pixel]) + scale * value)
          }
        }
      }
    }
  }
}
