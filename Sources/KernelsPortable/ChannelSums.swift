/// `sums[c] += source[p][c]` of pixels p, one after the other, whose channels lie side by side, in double precision.
@inline(never)
public func addPixels(
  pixels: Int, channels: Int, source: UnsafePointer<Float>, sums: UnsafeMutablePointer<Double>
) {
  var pixel = 0
  // Eight pixels for each time that a sum is read and written.
  while pixel &+ 8 <= pixels {
    let (a, b) = (source + pixel &* channels, source + (pixel &+ 1) &* channels)
    let (c, d) = (source + (pixel &+ 2) &* channels, source + (pixel &+ 3) &* channels)
    let (e, f) = (source + (pixel &+ 4) &* channels, source + (pixel &+ 5) &* channels)
    let (g, h) = (source + (pixel &+ 6) &* channels, source + (pixel &+ 7) &* channels)
    var channel = 0
    while channel &+ Doubles.scalarCount <= channels {
      var sum = get(sums + channel)
      sum += loadDoubles(a + channel)
      sum += loadDoubles(b + channel)
      sum += loadDoubles(c + channel)
      sum += loadDoubles(d + channel)
      sum += loadDoubles(e + channel)
      sum += loadDoubles(f + channel)
      sum += loadDoubles(g + channel)
      sum += loadDoubles(h + channel)
      put(sum, sums + channel)
      channel &+= Doubles.scalarCount
    }
    while channel < channels {
      for lane in 0..<8 { sums[channel] += Double(a[lane &* channels &+ channel]) }
      channel &+= 1
    }
    pixel &+= 8
  }
  while pixel < pixels {
    let line = source + pixel &* channels
    var channel = 0
    while channel &+ Doubles.scalarCount <= channels {
      put(get(sums + channel) + loadDoubles(line + channel), sums + channel)
      channel &+= Doubles.scalarCount
    }
    while channel < channels {
      sums[channel] += Double(line[channel])
      channel &+= 1
    }
    pixel &+= 1
  }
}
