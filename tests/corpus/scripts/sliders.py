import matplotlib.pyplot as plt
import numpy as np
from matplotlib.widgets import Button, CheckButtons, Slider

t = np.linspace(0, 1, 200)
fig, ax = plt.subplots(figsize=(4.5, 3.5))
(line,) = ax.plot(t, np.sin(6 * t), lw=2)
fig.subplots_adjust(left=0.3, bottom=0.3)
freq = Slider(fig.add_axes([0.3, 0.12, 0.5, 0.04]), "Frequency", 0.1, 30, valinit=6)
reset = Button(fig.add_axes([0.8, 0.02, 0.15, 0.07]), "Reset", hovercolor="0.975")
check = CheckButtons(fig.add_axes([0.02, 0.4, 0.15, 0.2]), ["sine", "grid"], [True, False])


def update(value):
    line.set_ydata(np.sin(freq.val * t))
    fig.canvas.draw_idle()


freq.on_changed(update)
reset.on_clicked(lambda event: freq.reset())
check.on_clicked(lambda label: ax.grid(label == "grid"))
fig.canvas.mpl_connect("key_press_event", lambda event: plt.close() if event.key == "q" else None)
freq.set_val(11)
plt.show()
