/// One axis of a convolution or of its transpose, as phases: outputs some steps apart that meet the same taps of the window.
/// A convolution has one phase, its transpose as many as the stride.
struct WindowAxis {
  struct Phase {
    /// The first output, and how many there are; `outputStep` apart.
    let first: Int
    let count: Int
    /// Index in the window, and the source's element that the tap meets for the first output; in the order of the window, in
    /// which the elements ascend or descend.
    let taps: [(index: Int, element: Int)]
  }

  /// Elements of the source.
  let extent: Int
  let outputStep: Int
  /// Elements of the source from one output of a phase to the next.
  let sourceStep: Int
  /// The phase of an output is its number modulo `outputStep`.
  let phases: [Phase]

  /// - Parameters: of the convolution, along this axis: elements of the image and of the output, taps of the window, and
  ///   padding before the image.
  init(image: Int, output: Int, window: Int, stride: Int, dilation: Int, padding: Int, isTranspose: Bool) {
    guard isTranspose else {
      (extent, outputStep, sourceStep) = (image, 1, stride)
      phases = [Phase(first: 0, count: output, taps: (0..<window).map { ($0, $0 * dilation - padding) })]
      return
    }
    (extent, outputStep, sourceStep) = (output, stride, 1)
    // The element v of the gradient reaches the element u of the image by the tap t where v * stride + t * dilation - padding = u.
    phases = (0..<stride).map { first in
      let taps = (0..<window).compactMap { tap -> (index: Int, element: Int)? in
        let distance = first + padding - tap * dilation
        return distance % stride == 0 ? (tap, distance / stride) : nil
      }
      return Phase(first: first, count: max(0, (image - first + stride - 1) / stride), taps: taps)
    }
  }

  /// The elements of the source, and of its padding, that are read if the outputs of every phase are computed by fours.
  var elements: Range<Int> {
    let read = phases.filter { $0.count > 0 }.flatMap { phase in
      let last = ((phase.count + 3) / 4 * 4 - 1) * sourceStep
      return phase.taps.flatMap { [$0.element, $0.element + last] }
    }
    return (read.min() ?? 0)..<(read.max() ?? -1) + 1
  }

  /// The taps of a phase that meet an element of the source, and no padding, for the output `number` of the phase.
  func tapsInside(_ phase: Phase, _ number: Int) -> Range<Int> {
    let inside = phase.taps.indices.filter { (0..<extent).contains(phase.taps[$0].element + number * sourceStep) }
    guard let first = inside.first, let last = inside.last else { return 0..<0 }
    return first..<last + 1
  }

  /// One output, and what it reads.
  struct Output {
    let phase: Int
    /// Taps that meet the source, of those of the phase.
    let taps: Range<Int>
    /// The element of the source that the taps' are counted from.
    let base: Int
  }

  /// All of them in order.
  var outputs: [Output] {
    (0..<phases.reduce(0) { $0 + $1.count }).map { place in
      let (number, phase) = place.quotientAndRemainder(dividingBy: outputStep)
      return Output(phase: phase, taps: tapsInside(phases[phase], number), base: number * sourceStep)
    }
  }
}
