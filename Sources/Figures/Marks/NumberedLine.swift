/// How a figure's lines are told apart, also without colour: by their place among them.
struct NumberedLine {
  /// As many as can be told apart.
  static let limit = 6

  let colour: Colour
  let marker: Marker

  /// - Precondition: 0..<`limit`.
  init(_ index: Int) {
    precondition(0..<Self.limit ~= index, "more lines than colours")
    colour = [.vermilion, .blue, .green, .purple, .orange, .sky][index]
    let shapes = [Marker.Shape.square, .circle, .diamond]
    marker = Marker(shapes[index % shapes.count], isFilled: index < shapes.count)
  }

  func series(_ name: String, _ samples: [Series.Sample], isDashed: Bool = false) -> Series {
    Series(
      name: RichText(name), samples: samples, line: LineStyle(colour, dashes: isDashed ? [6, 3] : []), marker: marker)
  }
}
