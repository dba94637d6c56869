/// A duration in words, such as `41 s` and `3 min`.
func duration(_ duration: Duration) -> String {
  let seconds = Int(duration.components.seconds)
  return seconds >= 120 ? "\((seconds + 30) / 60) min" : "\(seconds) s"
}
