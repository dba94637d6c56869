import Foundation

/// How a drawing departs from its standard form.
struct GlyphDeformation: Sendable {
  /// In pixels.
  var translationX = 0.0
  var translationY = 0.0
  /// In radians.
  var rotation = 0.0
  /// Logarithms of the stretch along each axis.
  var logScaleX = 0.0
  var logScaleY = 0.0
  var shear = 0.0
  /// Added to the pen's half width, in pixels.
  var thickness = 0.0
  /// Curvature of the vertical, in inverse heights.
  var bend = 0.0

  /// One standard deviation of each deformation by itself.
  static let standardDeviations: [GlyphDeformation] = [
    GlyphDeformation(translationX: 0.5), GlyphDeformation(translationY: 0.5), GlyphDeformation(rotation: 0.10),
    GlyphDeformation(logScaleX: 0.07), GlyphDeformation(logScaleY: 0.07), GlyphDeformation(shear: 0.10),
    GlyphDeformation(thickness: 0.15), GlyphDeformation(bend: 0.25),
  ]

  static func * (factor: Double, deformation: GlyphDeformation) -> GlyphDeformation {
    GlyphDeformation(
      translationX: factor * deformation.translationX, translationY: factor * deformation.translationY,
      rotation: factor * deformation.rotation, logScaleX: factor * deformation.logScaleX,
      logScaleY: factor * deformation.logScaleY, shear: factor * deformation.shear,
      thickness: factor * deformation.thickness, bend: factor * deformation.bend)
  }
}

/// Draws strokes with a soft pen.
enum GlyphRendering {
  /// Height and width of a drawing, in pixels.
  static let side = 20
  /// Half the width of the pen and the softness of its edge, in pixels.
  private static let halfWidth = 1.0
  private static let softness = 0.45

  /// Ink in (0, 1) at the centre of every pixel: a logistic function of the distance to the nearest stroke.
  /// - Returns: `side * side` values, row by row.
  static func render(_ strokes: [GlyphStroke], _ deformation: GlyphDeformation = GlyphDeformation()) -> [Double] {
    let segments = strokes.flatMap { Self.segments(of: $0, deformation) }
    return (0..<side * side).map { index in
      let pixel = SIMD2(Double(index % side) + 0.5, Double(index / side) + 0.5)
      var nearest = Double.infinity
      for segment in segments {
        let offset = pixel - segment.start
        let along = min(max((offset * segment.direction).sum() * segment.inverseSquaredLength, 0), 1)
        let difference = offset - along * segment.direction
        nearest = min(nearest, (difference * difference).sum())
      }
      return 1 / (1 + exp(-(halfWidth + deformation.thickness - nearest.squareRoot()) / softness))
    }
  }

  private struct Segment {
    let start: SIMD2<Double>
    let direction: SIMD2<Double>
    let inverseSquaredLength: Double
  }

  /// The stroke in pixel coordinates: bent, then stretched, sheared, rotated and moved about the centre.
  private static func segments(of stroke: GlyphStroke, _ deformation: GlyphDeformation) -> [Segment] {
    let cosine = cos(deformation.rotation)
    let sine = sin(deformation.rotation)
    let columnX = SIMD2(cosine, sine) * exp(deformation.logScaleX)
    let columnY =
      SIMD2(cosine * deformation.shear - sine, sine * deformation.shear + cosine) * exp(deformation.logScaleY)
    let center =
      SIMD2(repeating: Double(side) / 2) + SIMD2(deformation.translationX, deformation.translationY)
    let points = stroke.points.map { point in
      let y = point.y - 0.5
      // 0.08 is about the mean of y^2 over a stroke, so that bending hardly moves the drawing.
      let x = point.x - 0.5 + deformation.bend * (y * y - 0.08)
      return (x * columnX + y * columnY) * Double(side) + center
    }
    return zip(points, points.dropFirst()).map { start, end in
      let direction = end - start
      return Segment(
        start: start, direction: direction, inverseSquaredLength: 1 / max((direction * direction).sum(), 1e-9))
    }
  }
}
