#!/usr/bin/env python
from pylab import *

t = arange(0.0, 2.0, 0.01)
s = sin(2 * pi * t) + 0.2 * randn(t.size)
figure(figsize=(4, 3))
subplot(211)
plot(t, s, lw=1)
title(r"$\sin 2\pi t$ and noise")
grid(True)
subplot(212)
hist(s, 20, facecolor="g", alpha=0.75)
xlabel("voltage (mV)")
tight_layout()
show()
