import Foundation

/// The number with a fixed number of decimals, without negative zero, or a dash where it is undefined.
func decimal(_ value: Double?, _ places: Int) -> String {
  guard let value, value.isFinite else { return "-" }
  let text = String(format: "%.\(places)f", value)
  return text.hasPrefix("-") && !text.contains(where: { ("1"..."9").contains($0) }) ? String(text.dropFirst()) : text
}

/// A duration in words, such as `41 s` and `3 min`.
func duration(_ duration: Duration) -> String {
  let seconds = Int(duration.components.seconds)
  return seconds >= 120 ? "\((seconds + 30) / 60) min" : "\(seconds) s"
}
